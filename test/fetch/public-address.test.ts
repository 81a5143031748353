import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOwnAddress, isPublicAddress } from '../../src/fetch/public-address.ts';

const octet = fc.integer({ min: 0, max: 255 });
const anyIpv4 = fc.tuple(octet, octet, octet, octet);

/** Every IPv4 block that IANA's table does not list as globally reachable. */
function isSpecial([a, b, c, d]: readonly [number, number, number, number]): boolean {
  if ([0, 10, 127].includes(a) || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 198) return b === 18 || b === 19 || (b === 51 && c === 100);
  if (a === 203) return b === 0 && c === 113;
  if (a === 168) return b === 63 && c === 129 && d === 16;
  if (a !== 192) return false;
  const blocks = [
    [0, 0],
    [0, 2],
    [31, 196],
    [52, 193],
    [88, 99],
    [175, 48],
  ];
  return b === 168 || blocks.some(([second, third]) => b === second && c === third);
}

describe('classifies as public', () => {
  test.each(['93.184.216.34', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '::1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified', '::'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['unique local', 'fd12:3456::1'],
    ['link-local', '169.254.1.1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['metadata', '169.254.169.254'],
    ['metadata', 'fd00:ec2::254'],
    ['metadata', '100.100.100.200'],
    ['metadata', '192.0.0.192'],
    ["a cloud's host agent", '168.63.129.16'],
    ['shared', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['multicast', 'ff02::1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['benchmarking', '198.18.0.1'],
    ['documentation', '203.0.113.7'],
    ['documentation', '2001:db8::1'],
    ['mapped', '::ffff:127.0.0.1'],
    ['mapped, and public inside', '::ffff:93.184.216.34'],
    ['compatible', '::127.0.0.1'],
    ['compatible', '::7f00:1'],
    ['translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::7f00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['site-local', 'fec0::1'],
    ['discarded', '100::1'],
    ['a name', 'localhost'],
    ['a number', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['nothing', ''],
  ])('not %s: %s', (_kind, address) => expect(isPublicAddress(address)).toBe(false));

  test('any IPv4 address outside the special blocks, and none inside', () => {
    fc.assert(fc.property(anyIpv4, (octets) => isPublicAddress(octets.join('.')) === !isSpecial(octets)));
  });

  test('no IPv6 address with another IPv4 address inside', () => {
    fc.assert(
      fc.property(anyIpv4, ([a, b, c, d]) => {
        const hex = [(a << 8) | b, (c << 8) | d].map((part) => part.toString(16));
        const carriers = [`::ffff:${hex.join(':')}`, `::${hex.join(':')}`, `64:ff9b::${hex.join(':')}`];
        return [...carriers, `2002:${hex.join(':')}::1`].every((address) => !isPublicAddress(address));
      }),
    );
  });
});

test('lists the addresses of this machine', () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  expect(own.length).toBeGreaterThan(0);
  for (const { address } of own) expect(isOwnAddress(address)).toBe(true);
  expect(isOwnAddress('93.184.216.34')).toBe(false);
});
