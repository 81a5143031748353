/** Faults between the program and Azure: refused, busy, interrupted, expired, deleted. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { BlobSASPermissions, generateBlobSASQueryParameters, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { AzureAccounts } from '../../src/library/azure/client.ts';
import { AzureClips } from '../../src/library/azure/clips.ts';
import type { ListedFile } from '../../src/library/library.ts';
import { Spool } from '../../src/library/spool.ts';
import { Bench } from '../indexing/helpers.ts';
import { azureLibrary, fails, impatient, noAccess } from '../support/azure-library.ts';
import { AzureProxy, type Intervention } from '../support/azure-proxy.ts';
import { Azurite, emulator } from '../support/azurite.ts';

let azurite: Azurite;
let proxy: AzureProxy;
const names = Array.from({ length: 12 }, (_, at) => `${String(at).padStart(2, '0')}.mp3`);
const large = Buffer.alloc(6_000_000, 'sound of music ');

beforeAll(async () => {
  azurite = await Azurite.start();
  proxy = await AzureProxy.start(azurite.port);
  const music = await azurite.container('music');
  for (const name of names) await music.getBlockBlobClient(name).upload(name, name.length);
  const big = await azurite.container('big');
  await big.getBlockBlobClient('large.wav').uploadData(large);
});
afterEach(() => {
  proxy.intervene = () => null;
  proxy.requests.length = 0;
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
});

/** Applies to the first `times` matching requests. */
function first(times: number, matches: (request: { method: string; url: URL }) => boolean, act: Intervention): void {
  let left = times;
  proxy.intervene = (request) => (matches(request) && left-- > 0 ? act : null);
}

const isList = ({ url }: { url: URL }) => url.searchParams.get('comp') === 'list';
const isRead = ({ method, url }: { method: string; url: URL }) => method === 'GET' && !url.searchParams.has('comp');
const busy = (status: number, headers = {}): Intervention => ({ answer: { status, code: 'ServerBusy', headers } });

async function keys(changes = {}): Promise<string[]> {
  const { library } = azureLibrary('music', proxy.endpoint, { pageSize: 5, ...changes });
  return (await Array.fromAsync(library.list())).map(({ key }) => key);
}

test.each([500, 503, 429, 408])('retries twice when the service answers %i', async (status) => {
  first(2, isList, busy(status));
  expect(await keys()).toEqual(names);
});

test('fails the listing when the service stays busy, with the reason', async () => {
  first(100, isList, busy(503));
  await expect(keys()).rejects.toEqual(fails('library-unavailable', /answers 503 \(ServerBusy\) again and again/));
  expect(proxy.requests).toHaveLength(impatient.triesMax);
});

test('waits for the Retry-After of the service', async () => {
  first(1, isList, busy(429, { 'retry-after': '1' }));
  const startedMs = performance.now();
  expect(await keys()).toEqual(names);
  expect(performance.now() - startedMs).toBeGreaterThan(950);
});

test('stops while it waits for Retry-After', async () => {
  first(100, isList, busy(429, { 'retry-after': '60' }));
  const { library } = azureLibrary('music', proxy.endpoint);
  const startedMs = performance.now();
  const listing = Array.fromAsync(library.list({ signal: AbortSignal.timeout(200) }));
  await expect(listing).rejects.toEqual(fails('cancelled'));
  expect(performance.now() - startedMs).toBeLessThan(2000);
});

test('resumes an interrupted listing at its third page', async () => {
  let pages = 0;
  proxy.intervene = (request) => (isList(request) && ++pages === 3 ? { cutAfter: 100 } : null);
  expect(await keys()).toEqual(names);
  expect(pages).toBe(4);
});

test('treats the library as unknown when a listing fails', async () => {
  let pages = 0;
  proxy.intervene = (request) => (isList(request) && ++pages >= 3 ? { cutAfter: 100 } : null);
  await expect(keys()).rejects.toEqual(fails('library-unavailable', /cannot be reached/));
});

test('gives up a listing when the service never answers', async () => {
  first(100, isList, { delayMs: 60_000 });
  const retryPolicy = { triesMax: 2, firstPauseMs: 10, tryMaxMs: 200 };
  await expect(keys({ retryPolicy })).rejects.toEqual(fails('library-unavailable', /does not answer in time/));
});

test('lists without tags when they may not be read', async () => {
  proxy.intervene = ({ url }) =>
    (url.searchParams.get('include') ?? '').includes('tags')
      ? { answer: { status: 403, code: 'AuthorizationPermissionMismatch' } }
      : null;
  expect(await keys()).toEqual(names);
});

test('resumes an interrupted read, and returns it whole', async () => {
  let cuts = 0;
  proxy.intervene = (request) => (isRead(request) && cuts++ < 3 ? { cutAfter: 1_000_000 } : null);
  const { library, spoolDir } = azureLibrary('big', proxy.endpoint);
  proxy.bytes = 0;
  await using taken = await library.take((await library.look('large.wav')) as ListedFile);
  expect(taken.contentSha256).toBe(createHash('sha256').update(large).digest('hex'));
  expect(readFileSync(taken.path).equals(large)).toBe(true);
  expect(proxy.bytes).toBeLessThan(large.length * 1.2);
  expect(readdirSync(spoolDir)).toHaveLength(1);
});

test('detects a blob that is replaced while it is read, and leaves no file', async () => {
  const big = azurite.service.getContainerClient('big');
  await big.getBlockBlobClient('replaced.wav').uploadData(large);
  const { library, spoolDir } = azureLibrary('big', proxy.endpoint);
  const file = (await library.look('replaced.wav')) as ListedFile;
  let reads = 0;
  proxy.intervene = (request) => {
    if (!isRead(request) || ++reads > 1) return null;
    void big.getBlockBlobClient('replaced.wav').uploadData(large.subarray(1));
    return { cutAfter: 500_000, delayMs: 0 };
  };
  // A read that ends before the replacement arrives is valid.
  const taking = library.take(file);
  const result = await taking.then(
    async (taken) => {
      await using _ = taken;
      return taken.contentSha256;
    },
    (error: unknown) => error,
  );
  if (typeof result === 'string') expect(result).toBe(createHash('sha256').update(large).digest('hex'));
  else expect(result).toEqual(fails('file-unreadable', /replaced or deleted meanwhile/));
  expect(readdirSync(spoolDir)).toEqual([]);
});

test('stops a download at once and leaves no file', async () => {
  proxy.intervene = (request) => (isRead(request) ? { delayMs: 60_000 } : null);
  const { library, spoolDir } = azureLibrary('big', proxy.endpoint);
  const file = (await library.look('large.wav')) as ListedFile;
  const startedMs = performance.now();
  const taking = library.take(file, { signal: AbortSignal.timeout(100) });
  await expect(taking).rejects.toEqual(fails('cancelled'));
  expect(performance.now() - startedMs).toBeLessThan(2000);
  expect(readdirSync(spoolDir)).toEqual([]);
});

test('queues recordings for room in the spool, in order', async () => {
  const { library, spoolDir } = azureLibrary('big', proxy.endpoint, { spoolBytesMax: 7_000_000 });
  const file = (await library.look('large.wav')) as ListedFile;
  const one = await library.take(file);
  const two = library.take(file);
  expect(readdirSync(spoolDir)).toHaveLength(1);
  await expect(library.take(file, { signal: AbortSignal.timeout(50) })).rejects.toEqual(fails('cancelled'));
  await one[Symbol.asyncDispose]();
  await (await two)[Symbol.asyncDispose]();
  expect(readdirSync(spoolDir)).toEqual([]);
});

test('clears the spool of a killed process', async () => {
  const { library, spoolDir } = azureLibrary('music', proxy.endpoint);
  writeFileSync(path.join(spoolDir, `${hostname()}+4194000+x`), 'left');
  writeFileSync(path.join(spoolDir, `elsewhere+4194000+x`), 'of another machine');
  await (await library.localFile('00.mp3'))[Symbol.asyncDispose]();
  expect(readdirSync(spoolDir)).toEqual(['elsewhere+4194000+x']);
});

test('reports a full disk, and does not retry', async () => {
  const { library, spoolDir } = azureLibrary('big', proxy.endpoint);
  const file = (await library.look('large.wav')) as ListedFile;
  const handle = await open(import.meta.filename);
  using write = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'write');
  await handle.close();
  write.mockRejectedValue(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
  proxy.requests.length = 0;
  await expect(library.take(file)).rejects.toEqual(fails('disk-full'));
  expect(proxy.requests).toHaveLength(1);
  expect(readdirSync(spoolDir)).toEqual([]);
});

function sas(permissions: string, expiresInMs: number): string {
  const credential = new StorageSharedKeyCredential(emulator.account, emulator.key);
  const startsOn = new Date(Date.now() - 7_200_000);
  const expiresOn = new Date(Date.now() + expiresInMs);
  return generateBlobSASQueryParameters(
    { containerName: 'music', permissions: BlobSASPermissions.parse(permissions), startsOn, expiresOn },
    credential,
  ).toString();
}

test.each([
  ['a wrong key', { key: Buffer.from('wrong').toString('base64') }, /AZURE_STORAGE_KEY is not accepted/],
  ['a signature that expired', { sasToken: sas('r', -3_600_000) }, /AZURE_STORAGE_SAS_TOKEN expired at 2\d{3}-/],
  ['a forged signature', { sasToken: sas('r', 3_600_000).replace(/sig=[^&]*/, 'sig=AAAA') }, /is not accepted/],
  [
    'a signature without the right to list',
    { sasToken: sas('r', 3_600_000) },
    /does not allow|not accepted|network rules/,
  ],
])('refuses %s with a message for the operator, and without secrets', async (_, settings, words) => {
  const error = await keys({ settings }).catch((caught: unknown) => caught as Error & { cause: Error });
  expect(error).toEqual(fails('library-forbidden', words));
  const told = JSON.stringify([
    (error as Error).message,
    String((error as { cause: Error }).cause),
    (error as Error).stack,
  ]);
  expect(told).not.toMatch(/sig=(?!\.\.\.)/);
  expect(told).not.toContain(emulator.key);
});

test('stops a run when the access expires, and keeps what is done', async () => {
  const bench = new Bench();
  const { library } = azureLibrary('music', proxy.endpoint);
  let reads = 0;
  proxy.intervene = (request) =>
    isRead(request) && ++reads > 4 ? { answer: { status: 403, code: 'AuthenticationFailed' } } : null;
  const run = bench.run({ library, concurrency: 1 });
  await expect(run).rejects.toEqual(fails('library-forbidden', /stopped after \d+ of 12 tracks.*AZURE_STORAGE_KEY/));
  expect(bench.catalog.counts().tracks).toMatchObject({ indexed: 4, failed: 0 });
  proxy.intervene = () => null;
  expect((await bench.run({ library })).files).toMatchObject({ unchanged: 4, embedded: 8 });
});

test('leaves a recording that is replaced or deleted during embedding to the next run', async () => {
  const container = await azurite.container('moving');
  for (const name of ['a.mp3', 'b.mp3', 'c.mp3']) await container.getBlockBlobClient(name).upload(name, name.length);
  const bench = new Bench();
  const { library } = azureLibrary('moving', azurite.endpoint);
  const embed: typeof bench.embed = async (file, options) => {
    const content = readFileSync(file, 'utf8');
    if (content === 'a.mp3') await container.getBlockBlobClient('a.mp3').upload('other', 5);
    if (content === 'b.mp3') await container.getBlockBlobClient('b.mp3').delete();
    return bench.embed(file, options);
  };
  expect((await bench.run({ library, embed })).files).toMatchObject({ moving: 2, embedded: 1, failed: 0 });
  expect((await bench.run({ library })).files).toMatchObject({ listed: 2, embedded: 1, unchanged: 1, failed: 0 });
});

test('finishes in the next run when Azurite is killed in the middle of one', async () => {
  const bench = new Bench();
  const { library } = azureLibrary('music', azurite.endpoint);
  await azurite.remembers('11.mp3');
  let embedded = 0;
  const embed: typeof bench.embed = async (file, options) => {
    if (++embedded === 5) await azurite.kill();
    return bench.embed(file, options);
  };
  await expect(bench.run({ library, embed, concurrency: 2 })).rejects.toEqual(
    fails('library-unavailable', /the service cannot be reached/),
  );
  expect(bench.catalog.counts().tracks.failed).toBe(0);
  const kept = bench.catalog.counts().tracks.indexed;
  await azurite.revive();
  expect((await bench.run({ library })).files).toMatchObject({ listed: 12, unchanged: kept, embedded: 12 - kept });
});

test('retries an interrupted upload of a clip, and never stores half of one', async () => {
  await azurite.container('clips');
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-clips-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'clip.mp3');
  writeFileSync(file, Buffer.alloc(160_000, 1));
  const accounts = new AzureAccounts(
    { ...noAccess, endpoint: proxy.endpoint, key: emulator.key },
    new Set([emulator.account]),
  );
  const spool = new Spool({ dir: path.join(folder, 'spool'), bytesMax: 1e7 });
  const place = { account: emulator.account, container: 'clips', prefix: 'x/' };
  const clips = new AzureClips(place, { accounts, spool, retryPolicy: impatient });
  const signal = new AbortController().signal;
  first(2, ({ method }) => method === 'PUT', { cutAfter: 0 });
  await clips.put('abc/1.mp3', file, { signal });
  {
    await using fetched = await clips.fetch('abc/1.mp3', { signal });
    expect(readFileSync(fetched?.path ?? '')).toHaveLength(160_000);
  }
  expect(await clips.fetch('abc/2.mp3', { signal })).toBeNull();
  await clips.put('abd/1.mp3', file, { signal });
  expect(await clips.removeAll('abc', { signal })).toBe(1);
  expect(await clips.fetch('abc/1.mp3', { signal })).toBeNull();
  expect(await clips.fetch('abd/1.mp3', { signal })).not.toBeNull();
});
