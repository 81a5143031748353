/** Addresses that a link may not reach. The first half runs with the production rules: no request may arrive on loopback. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fetchAudio } from '../../src/fetch/fetch-audio.ts';
import { type Page, privateAddress, Web } from './web.ts';

const audio = Buffer.alloc(1000);
const limits = { bytesMax: 1_000_000, deadlineMs: 5_000 };
const signal = new AbortController().signal;

let folder: string;
let target: string;
let web: Web;

const redirectTo =
  (location: () => string, status = 302): Page =>
  (_request, response) =>
    response.writeHead(status, { location: location() }).end();

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'guard-test-'));
  target = path.join(folder, 'fetched');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  web = await Web.open({
    '/a.mp3': (_request, response) => response.end(audio),
    '/1': (_request, response) => response.writeHead(301, { location: '/a.mp3', 'set-cookie': 'session=secret' }).end(),
    '/2': redirectTo(() => web.link('/1')),
    '/3': redirectTo(() => '/2', 307),
    '/4': redirectTo(() => '/3', 308),
    '/private': redirectTo(() => web.link('/a.mp3', privateAddress)),
    '/metadata': redirectTo(() => 'http://169.254.169.254/latest/meta-data/'),
    '/file': redirectTo(() => 'file:///etc/passwd'),
    '/password': redirectTo(() => 'http://me:secret@example.com/'),
    '/named': redirectTo(() => web.link('/a.mp3', 'music.example')),
    '/nowhere': (_request, response) => response.writeHead(302).end(),
  });
});
afterEach(async () => {
  rmSync(target, { force: true });
  await web[Symbol.asyncDispose]();
});

const asInProduction = (link: string, trustedOrigins: readonly string[] = []) =>
  fetchAudio(link, { path: target, limits, signal, trustedOrigins });
const fetch = (link: string, trustedOrigins: readonly string[] = []) =>
  fetchAudio(link, { path: target, limits, signal, trustedOrigins }, { network: web.network, paceWindowMs: 5_000 });
const refusal = (kind: string) =>
  expect.objectContaining({ code: 'link-refused', facts: expect.objectContaining({ kind }) });

describe('with the production rules', () => {
  test.each([
    ['loopback by number', '127.0.0.1'],
    ['loopback by another number', '127.1.2.3'],
    ['loopback by name', 'localhost'],
    ['loopback with a dot', '127.0.0.1.'],
    ['loopback as one decimal', '2130706433'],
    ['loopback as one hexadecimal', '0x7f000001'],
    ['loopback in octal', '0177.0.0.1'],
    ['loopback in short', '127.1'],
    ['loopback in full-width digits', '１２７.０.０.１'],
    ['loopback in circled digits', '①②⑦.⓪.⓪.①'],
    ['loopback in escapes', '%31%32%37.0.0.1'],
    ['loopback with ideographic dots', '127。0。0。1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified in short', '0'],
    ['IPv6 loopback', '[::1]'],
    ['IPv6 unspecified', '[::]'],
    ['IPv6-mapped loopback', '[::ffff:127.0.0.1]'],
    ['IPv6-mapped loopback in hexadecimal', '[::ffff:7f00:1]'],
    ['IPv6-compatible loopback', '[::127.0.0.1]'],
    ['NAT64 loopback', '[64:ff9b::127.0.0.1]'],
    ['6to4 loopback', '[2002:7f00:1::]'],
  ])('refuses %s without a request: %s', async (_kind, host) => {
    await expect(asInProduction(web.link('/a.mp3', host))).rejects.toEqual(refusal('address'));
    expect(web.asked).toEqual([]);
    expect(existsSync(target)).toBe(false);
  });

  test.each([
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://169.254.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'https://192.168.1.1/',
    'http://[::ffff:a9fe:a9fe]/',
  ])('refuses %s at once', async (link) => {
    const startedAt = performance.now();
    await expect(asInProduction(link)).rejects.toEqual(refusal('address'));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test.each([
    ['not-http', 'file:///etc/passwd'],
    ['not-http', 'ftp://example.com/a.mp3'],
    ['not-http', 'data:audio/mpeg;base64,AAAA'],
    ['not-http', 'javascript:alert(1)'],
    ['not-http', 'unix:/run/docker.sock'],
    ['not-http', 'just words'],
    ['not-http', ''],
    ['not-http', 'http://[::1'],
    ['not-http', 'http://256.256.256.256/'],
    ['credentials', 'https://me:secret@example.com/a.mp3'],
    ['credentials', 'https://me@example.com/a.mp3'],
    ['port', 'http://example.com:22/'],
    ['port', 'http://example.com:25/'],
    ['port', 'http://example.com:6667/'],
    ['port', 'http://example.com:0/'],
  ])('refuses with reason %s: %s', async (kind, link) => {
    await expect(asInProduction(link)).rejects.toEqual(refusal(kind));
  });

  test('refuses a local name with a trailing dot', async () => {
    // Some resolvers know "localhost." and some do not.
    await expect(asInProduction(web.link('/a.mp3', 'localhost.'))).rejects.toMatchObject({
      code: expect.stringMatching(/^link-(refused|unreachable)$/),
    });
    expect(web.asked).toEqual([]);
  });

  test('refuses a link longer than browsers accept', async () => {
    await expect(asInProduction(`https://example.com/${'x'.repeat(9_000)}`)).rejects.toEqual(refusal('not-http'));
  });

  test('allows a trusted origin on loopback, and no other origin there', async () => {
    const origin = `http://127.0.0.1:${web.port}`;
    expect(await asInProduction(web.link('/a.mp3'), [origin])).toMatchObject({ sizeBytes: audio.length });
    rmSync(target);
    for (const host of ['localhost', privateAddress]) {
      await expect(asInProduction(web.link('/a.mp3', host), [origin])).rejects.toEqual(refusal('address'));
    }
    await expect(asInProduction(`http://me@127.0.0.1:${web.port}/a.mp3`, [origin])).rejects.toEqual(
      refusal('credentials'),
    );
  });

  test('never trusts a redirect, not even to the trusted origin', async () => {
    const origin = `http://127.0.0.1:${web.port}`;
    await expect(asInProduction(web.link('/1'), [origin])).rejects.toEqual(refusal('address'));
    expect(web.asked.map(({ path: asked }) => asked)).toEqual(['/1']);
  });
});

describe('redirects', () => {
  test('are followed three times', async () => {
    expect(await fetch(web.link('/3'))).toMatchObject({ sizeBytes: audio.length, name: 'a.mp3' });
    expect(web.asked.map(({ path: asked }) => asked)).toEqual(['/3', '/2', '/1', '/a.mp3']);
  });

  test('are refused at the fourth', async () => {
    await expect(fetch(web.link('/4'))).rejects.toMatchObject({
      code: 'link-refused',
      facts: { kind: 'redirects', redirectsMax: 3 },
    });
    expect(web.asked.map(({ path: asked }) => asked)).not.toContain('/a.mp3');
  });

  test.each([
    ['/private', 'address'],
    ['/metadata', 'address'],
    ['/file', 'not-http'],
    ['/password', 'credentials'],
  ])('are checked like the first link: %s', async (start, kind) => {
    await expect(fetch(web.link(start))).rejects.toEqual(refusal(kind));
    expect(web.asked).toHaveLength(1);
  });

  test('without a target fail with their own reason', async () => {
    await expect(fetch(web.link('/nowhere'))).rejects.toMatchObject({
      code: 'link-unreachable',
      facts: { status: 302 },
    });
  });

  test('send no cookie and no referrer', async () => {
    await fetch(web.link('/1'));
    expect(web.asked[1]?.headers).toEqual(web.asked[0]?.headers);
  });
});

describe('host names', () => {
  test('are resolved once a connection, and the checked address is the one connected to', async () => {
    web.names['music.example'] = [['127.0.0.1'], [privateAddress]];
    expect(await fetch(web.link('/a.mp3', 'music.example'))).toMatchObject({ sizeBytes: audio.length });
    expect(web.resolved).toEqual(['music.example']);
    expect(web.asked[0]?.headers.host).toBe(`music.example:${web.port}`);
  });

  test('that change between a link and its redirect are checked again (rebinding)', async () => {
    web.names['music.example'] = [['127.0.0.1'], [privateAddress]];
    await expect(fetch(web.link('/named', 'music.example'))).rejects.toEqual(refusal('address'));
    expect(web.asked).toHaveLength(1);
  });

  test('with a private address among their public ones are refused', async () => {
    web.names['mixed.example'] = [['127.0.0.1', privateAddress]];
    await expect(fetch(web.link('/a.mp3', 'mixed.example'))).rejects.toEqual(refusal('address'));
    expect(web.asked).toEqual([]);
  });

  test('with two public addresses reach one of them', async () => {
    web.names['two.example'] = [['127.0.0.1', '127.0.0.1']];
    expect(await fetch(web.link('/a.mp3', 'two.example'))).toMatchObject({ sizeBytes: audio.length });
  });

  test('without an address are refused', async () => {
    web.names['empty.example'] = [[]];
    await expect(fetch(web.link('/a.mp3', 'empty.example'))).rejects.toEqual(refusal('address'));
  });

  test('in other scripts are reported in the form that the resolver gets', async () => {
    web.names['xn--mnchen-3ya.example'] = [[privateAddress]];
    await expect(fetch(web.link('/a.mp3', 'münchen.example'))).rejects.toMatchObject({
      code: 'link-refused',
      facts: { host: `xn--mnchen-3ya.example:${web.port}` },
    });
  });

  test('are checked again by the address of the connected socket', async () => {
    let judged = 0;
    web.names['late.example'] = [['127.0.0.1']];
    const network = { ...web.network, isAllowed: () => ++judged === 1 };
    const options = { path: target, limits, signal };
    const fetching = fetchAudio(web.link('/a.mp3', 'late.example'), options, { network, paceWindowMs: 5_000 });
    await expect(fetching).rejects.toEqual(refusal('address'));
    expect(web.asked).toEqual([]);
  });
});
