/** The client against servers with faults that a real worker rarely shows; tests with the real worker are in
 *  test/embedding-worker/. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddingClient, type EmbeddingClientOptions } from '../../src/embedding/client.ts';
import type { RetryLimits } from '../../src/embedding/retries.ts';
import { asText, chunkLine, goodAnswer, infoLine } from './answers.ts';

const impatient: RetryLimits = { queueWaitMaxMs: 200, unavailableWaitMaxMs: 200, cutOffMax: 1 };
const never = new AbortController().signal;
const token = 'a token of some length';

let folder: string;
let recording: string;
const closers: (() => void | Promise<void>)[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'client-test-'));
  recording = path.join(folder, 'some "quoted"\nname 🎵.mp3');
  writeFileSync(recording, 'not really music');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

/** A server that answers the nth request (from 1) by script, after reading it. */
async function serve(answer: Answer, where?: { path: string }): Promise<{ url: string; server: Server }> {
  let count = 0;
  const server = createServer((request, response) => {
    const nth = ++count;
    request.resume().on('end', () => answer(request, response, nth));
  });
  await new Promise<void>((resolve) => server.listen(where ?? { port: 0, host: '127.0.0.1' }, resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: where ? '' : `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function clientOf(target: EmbeddingClientOptions['target'], more: Partial<EmbeddingClientOptions> = {}) {
  const client = new EmbeddingClient({
    target,
    token,
    model: null,
    deadlineMs: 30_000,
    retryLimits: impatient,
    ...more,
  });
  closers.push(() => client.close());
  return client;
}

const refuse = (response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}) =>
  response.writeHead(status, headers).end(JSON.stringify({ code, message: code }));

describe('the client', () => {
  test('sends the bytes, the token and the query parameters, and gets a recording', async () => {
    let asked: string | undefined;
    let authorization: string | undefined;
    const bytes: Buffer[] = [];
    const server = createServer((request, response) => {
      asked = request.url;
      authorization = request.headers.authorization;
      request.on('data', (block) => bytes.push(block)).on('end', () => response.end(goodAnswer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`;
    const found = await clientOf({ url }, { model: 'clap' }).embed(recording, {
      fromSec: 1.5,
      toSec: 9,
      signal: never,
    });
    expect(found.chunks).toHaveLength(2);
    expect(asked).toBe('/prefix/v1/embeddings?model=clap&fromSec=1.5&toSec=9');
    expect(authorization).toBe(`Bearer ${token}`);
    expect(Buffer.concat(bytes).toString()).toBe('not really music');
  });

  test('works through a unix socket', async () => {
    const socketPath = path.join(folder, 'server.sock');
    await serve((_request, response) => response.end(goodAnswer), { path: socketPath });
    expect((await clientOf({ socketPath }).embed(recording, { signal: never })).chunks).toHaveLength(2);
  });

  test('repeats a request once when the answer was cut off', async () => {
    const half = asText(infoLine, chunkLine(0));
    const mended = await serve((_request, response, nth) => response.end(nth === 1 ? half : goodAnswer));
    expect((await clientOf(mended).embed(recording, { signal: never })).chunks).toHaveLength(2);

    let asked = 0;
    const broken = await serve((_request, response, nth) => {
      asked = nth;
      response.write(half);
      setImmediate(() => response.destroy());
    });
    await expect(clientOf(broken).embed(recording, { signal: never })).rejects.toMatchObject({
      code: 'worker-protocol',
    });
    expect(asked).toBe(2);
  });

  test('repeats a request once when the worker dies before it answers', async () => {
    let asked = 0;
    const server = await serve((request, _response, nth) => {
      asked = nth;
      request.socket.destroy();
    });
    await expect(clientOf(server).embed(recording, { signal: never })).rejects.toMatchObject({
      code: 'worker-unavailable',
    });
    expect(asked).toBe(2);
  });

  test('retries when the queue is full', async () => {
    const server = await serve((_request, response, nth) => {
      if (nth < 3) refuse(response, 429, 'queue-full', { 'retry-after': '0' });
      else response.end(goodAnswer);
    });
    const patient = { ...impatient, queueWaitMaxMs: 20_000 };
    const client = clientOf(server, { retryLimits: patient });
    expect((await client.embed(recording, { signal: never })).chunks).toHaveLength(2);
  });

  test('fails with queue-full when the queue stays full', async () => {
    const server = await serve((_request, response) => refuse(response, 429, 'queue-full', { 'retry-after': '60' }));
    await expect(clientOf(server).embed(recording, { signal: never })).rejects.toMatchObject({ code: 'queue-full' });
  });

  test('fails with worker-unavailable when no worker listens', async () => {
    const { url, server } = await serve(() => {});
    await new Promise((resolve) => server.close(resolve));
    await expect(clientOf({ url }).embed(recording, { signal: never })).rejects.toMatchObject({
      code: 'worker-unavailable',
    });
    const socketPath = path.join(folder, 'nobody.sock');
    await expect(clientOf({ socketPath }).embed(recording, { signal: never })).rejects.toMatchObject({
      code: 'worker-unavailable',
    });
    expect(await clientOf({ url }).ready()).toBe(false);
  });

  test.each([
    [422, 'audio-unreadable'],
    [413, 'audio-too-large'],
    [401, 'unauthorized'],
    [404, 'model-unknown'],
  ])("rethrows the worker's refusal %i %s without a retry", async (status, code) => {
    let asked = 0;
    const server = await serve((_request, response, nth) => {
      asked = nth;
      refuse(response, status, code);
    });
    await expect(clientOf(server).embed(recording, { signal: never })).rejects.toMatchObject({ code });
    expect(asked).toBe(1);
  });

  test('distinguishes a proxy from a worker', async () => {
    const gateway = await serve((_request, response) => response.writeHead(502).end('<html>Bad gateway</html>'));
    await expect(clientOf(gateway).embed(recording, { signal: never })).rejects.toMatchObject({
      code: 'worker-unavailable',
    });
    const page = await serve((_request, response) => response.end('<html>Welcome</html>'));
    await expect(clientOf(page).embed(recording, { signal: never })).rejects.toMatchObject({ code: 'worker-protocol' });
    await expect(clientOf(page).models()).rejects.toMatchObject({ code: 'worker-protocol' });
  });

  test('fails at its deadline', async () => {
    const server = await serve(() => {});
    await expect(clientOf(server, { deadlineMs: 100 }).embed(recording, { signal: never })).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringContaining('no answer within'),
    });
  });

  test('closes the connection when the caller cancels', async () => {
    const caller = new AbortController();
    const hungUp = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.on('close', () => hungUp.resolve());
      response.write(asText(infoLine, chunkLine(0)));
    });
    const asked = clientOf(server).embed(recording, { signal: caller.signal, onProgress: () => caller.abort() });
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await hungUp.promise;
  });

  test('names an unreadable file before it sends a request', async () => {
    const client = clientOf({ url: 'http://127.0.0.1:1' });
    for (const wrong of [path.join(folder, 'missing.mp3'), folder]) {
      await expect(client.embed(wrong, { signal: never })).rejects.toMatchObject({ code: 'file-unreadable' });
    }
  });

  test('receives an early refusal while it is still sending', async () => {
    const large = path.join(folder, 'large.wav');
    writeFileSync(large, Buffer.alloc(32 * 1024 * 1024));
    const server = createServer((_request, response) => void refuse(response, 413, 'audio-too-large'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(clientOf({ url }).embed(large, { signal: never })).rejects.toMatchObject({ code: 'audio-too-large' });
  });
});
