/** The worker under load and faults: full queue, oversized requests, clients that hang up, and processes that die. The models are tiny graphs, one
 *  of them slow enough to be interrupted. */
import { mkdtempSync, openAsBlob, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerOptions } from '../../src/embedding/worker-options.ts';
import { descendantsOf, descendantsRunning, eventually } from './processes.ts';
import { type RunningWorker, runWorker, testToken } from './running-worker.ts';
import { writeWav } from './sounds.ts';
import { levelsOf, writeTinyModels } from './tiny-models.ts';

const never = new AbortController().signal;
const windowSamples = 160_000;

let folder: string;
let modelsDir: string;
let quiet: string;
let long: string;
const workers: RunningWorker[] = [];

const run = async (options: Partial<WorkerOptions>): Promise<RunningWorker> => {
  const worker = await runWorker({ modelsDirs: [modelsDir], models: ['levels'], ...options });
  workers.push(worker);
  return worker;
};
const myInferenceProcesses = () => descendantsRunning(process.pid, 'inference-child.ts');
const myFfmpegs = () => descendantsOf(process.pid).filter(({ command }) => command.startsWith('ffmpeg '));

function sine(windows: number, level: (window: number) => number): Float32Array {
  return Float32Array.from(
    { length: windows * windowSamples },
    (_, i) => level(Math.floor(i / windowSamples)) * Math.sin((2 * Math.PI * 440 * i) / 16_000),
  );
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'worker-trouble-'));
  modelsDir = writeTinyModels(path.join(folder, 'models'), [
    { name: 'levels', kind: 'levels' },
    { name: 'slow', kind: 'slow' },
    { name: 'nan', kind: 'nan' },
    { name: 'loud-nan', kind: 'loud-nan' },
  ]);
  quiet = writeWav(
    path.join(folder, 'quiet.wav'),
    sine(3, (window) => 0.2 + 0.1 * window),
  );
  long = writeWav(
    path.join(folder, 'long.wav'),
    sine(60, (window) => 0.1 + 0.01 * window),
  );
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
  expect(myInferenceProcesses()).toEqual([]);
  expect(myFfmpegs()).toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a request beyond the limits', () => {
  test('of the queue is refused at once with a time to retry, and waits while the queue has room', async () => {
    const worker = await run({ models: ['slow'], concurrencyMax: 1, queueMax: 1 });
    const begun = Promise.withResolvers<void>();
    const first = new AbortController();
    const running = worker.client.embed(long, { signal: first.signal, onProgress: () => begun.resolve() });
    running.catch(() => {});
    await begun.promise;
    const waiting = worker.client.embed(quiet, { signal: never });
    await eventually(async () => {
      const metrics = await (await worker.fetch('/metrics')).text();
      return metrics.includes('worker_recordings{state="waiting"} 1');
    });

    // This body never ends: a worker that reads it before refusing never answers.
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) });
    const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit;
    const refused = await worker.fetch('/v1/embeddings', init);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ code: 'queue-full' });

    first.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect((await waiting).chunks).toHaveLength(3);
  });

  test('of size is refused, whether the size is announced or not', async () => {
    const limits = { deadlineMs: 60_000, durationMaxSec: 7_200, bytesMax: 100_000, memoryMaxBytes: 2 ** 31 };
    const worker = await run({ audioLimits: limits });
    await expect(worker.client.embed(quiet, { signal: never })).rejects.toMatchObject({ code: 'audio-too-large' });

    let sent = 0;
    const stream = new ReadableStream({
      pull: (controller) => {
        sent += 10_000;
        if (sent > 5_000_000) controller.close();
        else controller.enqueue(new Uint8Array(10_000));
      },
    });
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    const answer = await worker.fetch('/v1/embeddings', init);
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'audio-too-large' });
    await eventually(() => readdirSync(worker.spoolDir).length === 0);
  });

  test('of time is ended', async () => {
    const worker = await run({ models: ['slow'], requestDeadlineMs: 400 });
    await expect(worker.client.embed(long, { signal: never })).rejects.toMatchObject({ code: 'audio-timeout' });
    await eventually(() => myFfmpegs().length === 0);
  });
});

describe('a client that hangs up', () => {
  test('in the middle of the answer ends ffmpeg, frees its slot and leaves no file', async () => {
    const worker = await run({ models: ['slow'], concurrencyMax: 1, queueMax: 0 });
    const caller = new AbortController();
    const asked = worker.client.embed(long, { signal: caller.signal, onProgress: () => caller.abort() });
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await eventually(() => myFfmpegs().length === 0 && readdirSync(worker.spoolDir).length === 0);
    const next = worker.clientWith({ retryLimits: { queueWaitMaxMs: 30_000, unavailableWaitMaxMs: 0, cutOffMax: 0 } });
    expect((await next.embed(quiet, { signal: never })).chunks).toHaveLength(3);
    expect(await (await worker.fetch('/metrics')).text()).toMatch(/worker_requests_total\{outcome="cancelled"\} 1/);
  });

  test('while it sends, or after it stops reading, leaves no file or process either', async () => {
    const worker = await run({ models: ['levels'], concurrencyMax: 1, queueMax: 0 });
    const { hostname, port } = new URL(worker.url);
    const head = `POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${testToken}\r\ncontent-length: 1000000\r\n\r\n`;
    const socket = connect(Number(port), hostname);
    socket.write(`${head}some bytes`);
    await eventually(() => readdirSync(worker.spoolDir).length === 1);
    socket.destroy();
    await eventually(() => readdirSync(worker.spoolDir).length === 0);
    expect((await worker.client.embed(quiet, { signal: never })).chunks).toHaveLength(3);
  });
});

describe('an inference process', () => {
  test('that is killed during a recording is replaced, and the recording is complete', async () => {
    const worker = await run({ models: ['slow'], inferenceProcesses: 2 });
    let killed = 0;
    const heard = await worker.client.embed(quiet, {
      signal: never,
      onProgress: ({ chunksDone }) => {
        if (chunksDone !== 1 || killed > 0) return;
        for (const { pid } of myInferenceProcesses()) {
          process.kill(pid, 'SIGKILL');
          killed++;
        }
      },
    });
    expect(killed).toBe(2);
    expect(heard.chunks.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const [i, { vector }] of heard.chunks.entries()) {
      const expected = levelsOf(sine(1, () => 0.2 + 0.1 * i));
      vector.forEach((value, at) => void expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 3));
    }
    await eventually(async () => (await fetch(`${worker.url}/readyz`)).status === 200);
    expect(await (await worker.fetch('/metrics')).text()).toMatch(/worker_inference_process_deaths_total 2/);
  });

  test('that dies over the same window each time ends only that recording', async () => {
    const worker = await run({ models: ['slow'], inferenceProcesses: 1 });
    const isReady = async () => (await fetch(`${worker.url}/readyz`)).status === 200;
    const asked = worker.client.embed(long, { signal: never });
    let answered = false;
    const failure = asked.then(
      () => null,
      (error) => error,
    );
    failure.then(() => {
      answered = true;
    });
    // Killed as soon as it can receive a window: during the window over which its predecessor died.
    await eventually(async () => {
      if (await isReady()) for (const { pid } of myInferenceProcesses()) process.kill(pid, 'SIGKILL');
      return answered;
    });
    expect(await failure).toMatchObject({ code: 'inference-failed', message: expect.stringContaining('died over it') });
    await eventually(isReady);
    expect((await worker.client.embed(quiet, { signal: never })).chunks).toHaveLength(3);
  });
});

describe('a model', () => {
  test('that returns NaN for one window ends the answer with an error, and continues with the next recording', async () => {
    const worker = await run({ models: ['loud-nan'] });
    const loud = writeWav(
      path.join(folder, 'loud.wav'),
      sine(3, (window) => (window === 1 ? 0.99 : 0.3)),
    );
    const answer = await worker.fetch('/v1/embeddings', { method: 'POST', body: await openAsBlob(loud) });
    expect(answer.status).toBe(200);
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    // The number of progress lines depends on the clock.
    const types = lines.map(({ type }) => type).filter((type) => type !== 'progress');
    expect(types).toEqual(['info', 'chunks', 'error']);
    expect(lines.at(-1).code).toBe('inference-failed');
    await expect(worker.client.embed(loud, { signal: never })).rejects.toMatchObject({ code: 'inference-failed' });
    expect((await worker.client.embed(quiet, { signal: never })).chunks).toHaveLength(3);
  });

  test('that cannot be loaded keeps the worker from starting, with the reason', async () => {
    await expect(run({ models: ['nan'] })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('length 1, got NaN'),
    });
  });

  test('is selected by name among several', async () => {
    const worker = await run({ models: ['levels', 'slow'] });
    const asked = await worker.clientWith({ model: 'slow' }).embed(quiet, { signal: never });
    expect(asked.spaceId).toMatch(/^slow@/);
    expect((await worker.client.embed(quiet, { signal: never })).spaceId).toMatch(/^levels@/);
  });

  test('with a shorter window returns more chunks', async () => {
    const worker = await run({ windowSec: 6 });
    const heard = await worker.client.embed(quiet, { signal: never });
    expect(heard.chunks.map(({ startSec }) => startSec)).toEqual([0, 6, 12, 18, 24]);
    expect(heard.spaceId).toContain('w6h6');
  });
});
