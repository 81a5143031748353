/** Clients that misbehave: an event stream that nobody reads, a body that is cut off, many at once. */
import { globSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { FolderLibrary } from '../../src/library/folder.ts';
import { EventStreams } from '../../src/web/event-streams.ts';
import { makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';
import { addKey, ended, formOf, makeWeb, postJson, type SeenQuery, type TestWeb } from './running-web.ts';

let library: TestLibrary;
let web: TestWeb;

beforeAll(async () => {
  library = await makeLibrary();
  web = await makeWeb(library, { QUERIES_WAITING_MAX: '8' });
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

function open(port: number, head: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head);
      resolve(socket);
    });
    socket.on('error', () => {});
  });
}

test('a client that reads no events holds one event, and is cut off', async () => {
  const streams = new EventStreams({ streamsMax: 2, beatEachMs: 50, stalledMs: 300 });
  let notify = (): void => {};
  let version = 0;
  const written: number[] = [];
  const server = Fastify({ forceCloseConnections: true });
  server.get('/events', (_request, reply) => {
    const { raw } = reply;
    streams.stream(
      reply,
      () => ({ event: 'state', data: { version, filler: 'x'.repeat(200_000) }, isLast: false }),
      (onChange) => {
        notify = onChange;
        return () => {};
      },
    );
    written.push(raw.writableLength);
    reply.raw.on('close', () => written.push(-1));
  });
  const url = new URL(await server.listen({ port: 0, host: '127.0.0.1' }));
  onTestFinished(() => server.close());
  const socket = await open(Number(url.port), 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  onTestFinished(() => void socket.destroy());
  socket.pause();
  await vi.waitFor(() => expect(streams.count).toBe(1));
  const before = process.memoryUsage().rss;
  for (version = 1; version <= 5_000 && streams.count > 0; version++) {
    notify();
    await setImmediate();
  }
  // 5,000 events of 200 kB are a gigabyte.
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  await vi.waitFor(() => expect(streams.count).toBe(0), 10_000);
  await vi.waitFor(() => expect(written.at(-1)).toBe(-1));
});

test('a stream whose state cannot be read any more ends, and nothing else does', async () => {
  const streams = new EventStreams();
  let notify = (): void => {};
  let isGone = false;
  const server = Fastify({ forceCloseConnections: true });
  server.get('/events', (_request, reply) => {
    const current = () => {
      if (isGone) throw new Error('it was forgotten');
      return { event: 'state', data: 1, isLast: false };
    };
    streams.stream(reply, current, (onChange) => {
      notify = onChange;
      return () => {};
    });
  });
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  const response = await fetch(`${url}/events`);
  isGone = true;
  notify();
  await expect(response.text()).rejects.toThrow(/terminated/);
  expect(streams.count).toBe(0);
});

test('more event streams than allowed are refused', async () => {
  await using few = await makeWeb(library, {}, { streams: { streamsMax: 0, beatEachMs: 1_000, stalledMs: 1_000 } });
  const response = await few.call('/api/v1/queries', postJson({ track: 1 }));
  const query = (await response.json()) as SeenQuery;
  const refused = await few.call(query.events);
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'queue-full' }]);
  expect(refused.headers.get('retry-after')).not.toBeNull();
});

test('a body that is cut off leaves nothing', async () => {
  const port = Number(new URL(web.url).port);
  const begin = '--b\r\nContent-Disposition: form-data; name="audio"; filename="a.mp3"\r\n\r\n';
  const head = `POST /api/v1/queries HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n`;
  const socket = await open(port, head + begin + 'x'.repeat(100_000));
  const uploads = () => globSync('spool/web/*/uploads/*', { cwd: library.indexDir });
  await vi.waitFor(() => expect(uploads().length).toBe(1), 10_000);
  socket.destroy();
  await vi.waitFor(() => expect(uploads()).toEqual([]), 10_000);
  expect((await web.call('/healthz')).status).toBe(200);
});

test('a form that ends in the middle of the file is refused', async () => {
  const body = '--b\r\nContent-Disposition: form-data; name="audio"; filename="a.mp3"\r\n\r\nhalf of it';
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const response = await web.call('/api/v1/queries', { method: 'POST', body, headers });
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'bad-request' }]);
  await vi.waitFor(() => expect(globSync('spool/web/*/uploads/*', { cwd: library.indexDir })).toEqual([]), 10_000);
});

test('of many queries at once none is lost or doubled, and the rest is told when to come back', async () => {
  const piece = new Uint8Array(readFileSync(path.join(library.music, 'piece-1.ogg')));
  const place = { indexDir: library.indexDir };
  const keys: string[] = [];
  for (let n = 0; n < 12; n++) keys.push(await addKey(place, `client ${n}`, 'query'));
  await using busy = await makeWeb(library, { QUERIES_WAITING_MAX: '8' });
  const asked = await Promise.all(
    keys.flatMap((key, n) =>
      [0, 1, 2, 3].map(async (round) => {
        const body = formOf(piece, `${n}-${round}.ogg`, { to: String(30 + round) });
        const response = await busy.call('/api/v1/queries', { method: 'POST', body, key });
        return { key, response, query: (await response.json()) as SeenQuery };
      }),
    ),
  );
  const accepted = asked.filter(({ response }) => response.status === 202);
  const refused = asked.filter(({ response }) => response.status !== 202);
  expect(accepted.length).toBeGreaterThanOrEqual(8);
  expect(refused.length).toBeGreaterThan(0);
  for (const { response } of refused) {
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(new Set(accepted.map(({ query }) => query.id)).size).toBe(accepted.length);
  for (const { key, query } of accepted) expect(await ended(busy, query.self, key)).toMatchObject({ state: 'done' });
});

test('an answer keeps its clips when a newer generation answers', async () => {
  const key = await addKey(library, 'before and after', 'query');
  await using later = await makeWeb(library);
  const body = formOf(new Uint8Array(readFileSync(path.join(library.music, 'piece-4.ogg'))), 'four.ogg');
  const query = (await (await later.call('/api/v1/queries', { method: 'POST', body, key })).json()) as SeenQuery;
  const done = await ended(later, query.self, key);
  // Another piece comes into the library, and a newer generation answers.
  writePiece(path.join(library.music, 'piece-9.ogg'), 9, 47);
  await library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
  const answering = async () => {
    const state = (await (await later.call('/api/v1/library', { key })).json()) as { generation: { id: string } };
    return state.generation.id;
  };
  await vi.waitFor(async () => expect(await answering()).not.toBe(done.answer.generation), 100_000);
  for (const kind of ['theirs', 'yours', 'both']) {
    const clip = await later.call(`${done.permanent}/results/1/clips/${kind}.mp3`, { key });
    expect([kind, clip.status, clip.headers.get('content-type')]).toEqual([kind, 200, 'audio/mpeg']);
  }
  expect(await (await later.call(done.self, { key })).json()).toMatchObject({ answer: done.answer });
});
