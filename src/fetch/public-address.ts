/** Which addresses a stranger may make us connect to: those of the public internet, and of no one nearer. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** Of IPv6 only this part is handed out for the public internet; everything else is local, or carries an IPv4 address
 *  inside (mapped, compatible, NAT64) that would have to be judged again. @see RFC 4291, section 2.4 */
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/** Looks public and is not: Azure's host agent answers every virtual machine there.
 *  @see https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 */
const cloudHosts = ['168.63.129.16'];

/** @param address an IPv4 or IPv6 address as a socket or a resolver gives it; anything else is not public */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || cloudHosts.includes(address)) return false;
  const parsed = ipaddr.parse(address);
  // ipaddr.js calls `unicast` what is in no special registry: not loopback, private, link-local, shared (CGNAT),
  // multicast, reserved, for documentation; nor 6to4 and Teredo, which lead to an IPv4 address inside.
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(globalUnicast);
}

/** Whether it is this machine's own: a public address of ours reaches our services past the firewall that guards it. */
export function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some((own) => own.address === address));
}
