/** What goes wrong around a query: bodies that are no recording, keys that expire, a worker or an index that is gone, a full disk. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, request, FormData as UploadForm } from 'undici';
import { describe, expect, test, vi } from 'vitest';
import { FolderLibrary } from '../../src/library/folder.ts';
import { descendantsOf } from '../embedding-worker/processes.ts';
import { makeLibrary, never, openLibrary, type TestLibrary } from '../support/library.ts';
import { hasSmallDisks, SmallDisk } from '../support/small-disk.ts';
import { addKey, ended, formOf, makeWeb, postJson, type SeenQuery, type TestWeb, useWeb } from './running-web.ts';

const api = '/api/v1';
let library: TestLibrary;
let web: TestWeb;
const bytesOf = (name: string) => new Uint8Array(readFileSync(path.join(library.music, name)));

useWeb((made) => {
  ({ library, web } = made);
});

async function post(init: RequestInit & { readonly key?: string }, of: TestWeb = web) {
  const response = await of.call(`${api}/queries`, init);
  return { response, query: (await response.json()) as SeenQuery & { readonly detail?: string } };
}

describe('an upload', () => {
  test.each([
    ['../../../etc/passwd', 'passwd'],
    ['C:\\music\\waltz.txt', 'waltz'],
    ['one\r\nX-Evil: 1.mp3', 'one'],
    [`${'x'.repeat(5_000)}.mp3`, 'x'],
    ['.mp3', ''],
  ])('under the lying name %j is answered by its bytes', async (name, begins) => {
    const { response, query } = await post({ method: 'POST', body: formOf(bytesOf('piece-2.ogg'), name) });
    expect(response.status).toBe(202);
    const { answer } = await ended(web, query.self);
    expect(answer.verdict.kind).toBe('this-is');
    expect(answer.query.name).toMatch(new RegExp(`^${begins}`));
    expect(answer.query.name).toMatch(/^[^\r\n/]{1,200}$/);
    expect(globSync('**/{passwd,waltz*}', { cwd: library.folder })).toEqual([]);
  });

  test.each([
    ['text/plain', 'a song'],
    ['application/x-www-form-urlencoded', 'audio=1'],
    ['audio/mpeg', 'ID3'],
    ['application/json; charset=utf-8', '{"track": 1'],
    ['application/json', '[1, 2]'],
    ['application/json', 'null'],
    ['', 'nothing says what this is'],
  ])('of the type %j, %j, is refused as a problem', async (type, body) => {
    const { response, query } = await post({
      method: 'POST',
      body: new Blob([body]),
      headers: { 'content-type': type },
    });
    expect([400, 415]).toContain(response.status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(query).toMatchObject({ code: 'bad-request', status: response.status });
  });

  test('of two recordings, or with too many fields, is refused, and nothing is left', async () => {
    const two = formOf(bytesOf('piece-1.ogg'), 'one.ogg');
    two.append('audio', new Blob([bytesOf('piece-2.ogg')]), 'two.ogg');
    const many = new FormData();
    for (let n = 0; n < 20; n++) many.append(`field${n}`, 'x');
    for (const body of [two, many]) {
      const { response, query } = await post({ method: 'POST', body });
      expect([response.status, query]).toMatchObject([400, { code: 'bad-request' }]);
    }
    await vi.waitFor(() => expect(globSync('spool/web/*/uploads/*', { cwd: library.indexDir })).toEqual([]), 100_000);
  });
});

test('a connection takes the next request after an upload that was refused before its end', async () => {
  const connection = new Agent({ connections: 1 });
  const ask = { dispatcher: connection, signal: AbortSignal.timeout(50_000) };
  const body = new UploadForm();
  // Small enough for the kernel's buffers: the client has sent it before anybody reads it.
  body.set('sound', new Blob([new Uint8Array(2_000_000)]), 'named wrongly.wav');
  const refused = await request(new URL(`${api}/queries`, web.url), { ...ask, method: 'POST', body });
  expect([refused.statusCode, await refused.body.json()]).toMatchObject([400, { code: 'bad-request' }]);
  const next = await request(new URL(`${api}/tracks?limit=1`, web.url), ask);
  expect([next.statusCode, await next.body.json()]).toMatchObject([200, { tracks: [{}] }]);
  await connection.close();
});

describe('a range', () => {
  test('beyond the end, backwards or of another unit is refused or ignored', async () => {
    const { tracks } = (await (await web.call(`${api}/tracks?limit=1`)).json()) as { tracks: { id: number }[] };
    const audio = `${api}/tracks/${tracks[0]?.id}/audio`;
    const ranged = (range: string, url = `${audio}?from=5`) => web.call(url, { headers: { range } });
    const size = (await (await web.call(`${audio}?from=5`)).arrayBuffer()).byteLength;
    const beyond = await ranged(`bytes=${size}-`);
    expect([beyond.status, await beyond.json()]).toMatchObject([416, { code: 'bad-request', status: 416 }]);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${size}`);
    for (const range of ['bytes=9-3', 'seconds=1-2', 'bytes=a-b']) {
      const response = await ranged(range);
      await response.body?.cancel();
      expect([range, [200, 416].includes(response.status)]).toEqual([range, true]);
    }
    expect((await ranged(`bytes=${size - 1}-${size + 1_000}`)).headers.get('content-range')).toBe(
      `bytes ${size - 1}-${size - 1}/${size}`,
    );
    // Seconds beyond the end of the track.
    const later = await web.call(`${audio}?from=99999`);
    expect([later.status, await later.json()]).toMatchObject([400, { code: 'bad-request' }]);
  });
});

test('a key that expires ends for its own answers too', async () => {
  await using own = await makeLibrary();
  const key = await addKey(own, 'short', 'query', Date.now() + 3_600_000);
  await using served = await makeWeb(own);
  const { query } = await post({ ...postJson({ track: 1 }), key }, served);
  const done = await ended(served, query.self, key);
  expect(done.state).toBe('done');
  // Its hour is over.
  const keysPath = path.join(own.indexDir, 'web-keys.json');
  const stored = JSON.parse(readFileSync(keysPath, 'utf8')) as { keys: { expiresAtMs: number }[] };
  for (const each of stored.keys) each.expiresAtMs = Date.now() - 1;
  writeFileSync(keysPath, JSON.stringify(stored));
  for (const address of [done.self, done.permanent, done.picture, done.events, `${api}/tracks`]) {
    const response = await served.call(address ?? '', { key });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'unauthorized' }]);
  }
});

describe('without its parts', () => {
  test('a query says that the worker is not there, and /readyz does, without addresses', async () => {
    await using down = await makeWeb(library, { EMBEDDING_WORKER_URL: 'http://127.0.0.1:9' });
    const { query } = await post(
      { method: 'POST', body: formOf(bytesOf('piece-3.ogg'), 'three.ogg', { to: '29' }) },
      down,
    );
    const seen = await ended(down, query.self);
    expect(seen).toMatchObject({
      state: 'failed',
      error: { code: 'worker-unavailable', status: 503, retryable: true },
    });
    expect(JSON.stringify(seen)).not.toContain('127.0.0.1:9');
    const ready = await down.call('/readyz');
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(await ready.json()).toMatchObject({ status: 'unavailable', worker: 'unavailable' });
    // What needs no worker goes on.
    expect((await down.call(`${api}/tracks`)).status).toBe(200);
  });

  test('a query says that nothing is indexed', async () => {
    await using empty = await makeWeb({ indexDir: path.join(library.folder, 'empty') });
    const { query } = await post({ method: 'POST', body: formOf(bytesOf('piece-3.ogg'), 'three.ogg') }, empty);
    expect(await ended(empty, query.self)).toMatchObject({
      state: 'failed',
      error: { code: 'index-empty', status: 503 },
    });
    expect(await (await empty.call('/readyz')).json()).toMatchObject({ status: 'unavailable', index: 'index-empty' });
    expect(await (await empty.call(`${api}/library`)).json()).toMatchObject({
      ...{ generation: null, indexError: 'index-empty', tracks: { indexed: 0 } },
    });
  });

  test('a query is answered after its index process was killed, and after its worker was', async () => {
    await using own = await makeLibrary();
    await using served = await makeWeb(own);
    const ask = async (to: number) => {
      const body = formOf(bytesOf('piece-4.ogg'), 'four.ogg', { to: String(to) });
      return ended(served, (await post({ method: 'POST', body }, served)).query.self);
    };
    expect((await ask(20)).state).toBe('done');
    const before = descendantsOf(process.pid);
    for (const [part, to] of [
      ['faiss-child', 21],
      ['embedding-worker/main', 22],
    ] as const) {
      const found = before.filter(({ command }) => command.includes(part));
      expect([part, found.length > 0]).toEqual([part, true]);
      for (const { pid } of found) process.kill(pid, 'SIGKILL');
      const seen = await ask(to);
      expect([part, seen.state, seen.error]).toEqual([part, 'done', null]);
      expect(seen.answer.verdict.kind).toBe('this-is');
    }
  }, 120_000);
});

describe.skipIf(!hasSmallDisks)('on a full disk', () => {
  test('an upload and a backup are refused as a problem, and work again when there is room', async () => {
    using disk = new SmallDisk(200_000_000);
    await using own = openLibrary({ folder: path.join(disk.path, 'own'), music: library.music, indexDir: disk.path });
    const app = await own.open();
    await app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
    await using full = await makeWeb(own);
    const upload = (to: string) =>
      post({ method: 'POST', body: formOf(new Uint8Array(3_000_000), 'large.wav', { to }) }, full);
    disk.leave(1_000_000);
    const { response, query } = await upload('30');
    expect([response.status, query]).toMatchObject([507, { code: 'disk-full', retryable: true }]);
    expect(query.detail).not.toContain(disk.path);
    expect(globSync('spool/web/*/uploads/*', { cwd: disk.path })).toEqual([]);
    disk.leave(8_192);
    const job = (await (await full.call(`${api}/library/backups`, { method: 'POST' })).json()) as { self: string };
    await vi.waitFor(async () => {
      expect(await (await full.call(job.self)).json()).toMatchObject({ state: 'failed', error: { code: 'disk-full' } });
    }, 100_000);
    disk.resize(200_000_000);
    expect((await upload('31')).response.status).toBe(202);
    const again = (await (await full.call(`${api}/library/backups`, { method: 'POST' })).json()) as { self: string };
    await vi.waitFor(async () => {
      expect(await (await full.call(again.self)).json()).toMatchObject({ state: 'done', backup: { tracks: 6 } });
    }, 100_000);
  }, 240_000);
});
