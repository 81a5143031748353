/** The worker as a child process: the real program, killed in several ways. */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddingClient } from '../../src/embedding/client.ts';
import { type LocalWorker, startLocalWorker } from '../../src/embedding/local-worker.ts';
import { LeitmotifError } from '../../src/errors.ts';
import { descendantsOf, descendantsRunning, eventually, lives, processes } from '../embedding-worker/processes.ts';
import { makeSound, writeWav } from '../embedding-worker/sounds.ts';
import { writeTinyModels } from '../embedding-worker/tiny-models.ts';
import { slowWorkerOptions } from './slow-worker.ts';

const never = new AbortController().signal;

let folder: string;
let modelsDir: string;
let recording: string;
/** Cannot end while a test looks: 360 windows of the slow model. */
let endless: string;
const closers: (() => Promise<void>)[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'local-worker-'));
  modelsDir = writeTinyModels(path.join(folder, 'models'), [
    { name: 'slow', kind: 'slow' },
    { name: 'nan', kind: 'nan' },
  ]);
  const sine = Float32Array.from({ length: 200 * 16_000 }, (_, i) => 0.3 * Math.sin((2 * Math.PI * 440 * i) / 16_000));
  recording = writeWav(path.join(folder, 'sine.wav'), sine);
  endless = makeSound(folder, 'endless.flac', 'sine=440:duration=3600:sample_rate=16000');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(onDeath?: (how: string) => void): Promise<{ worker: LocalWorker; client: EmbeddingClient }> {
  const worker = await startLocalWorker({ ...slowWorkerOptions(modelsDir), ...(onDeath ? { onDeath } : {}) });
  const client = new EmbeddingClient({
    target: { socketPath: worker.socketPath },
    token: worker.token,
    model: null,
    deadlineMs: 60_000,
    whenReady: (signal) => worker.whenReady(signal),
  });
  closers.push(async () => {
    await client.close();
    await worker.close();
  });
  return { worker, client };
}

/** Another process whose worker embeds the endless recording. */
async function startParent() {
  const parent = fork(path.join(import.meta.dirname, 'worker-parent.ts'), [modelsDir, endless], { execArgv: [] });
  const worker = await new Promise<{ pid: number; socketPath: string }>((resolve, reject) => {
    parent.once('message', (message) => resolve(message as { pid: number; socketPath: string }));
    parent.once('exit', () => reject(new Error('Expected the parent to live')));
  });
  return { parent, ...worker };
}

function pidOf(worker: LocalWorker): number {
  if (worker.pid === undefined) throw new Error('Expected a worker that lives');
  return worker.pid;
}

describe('a local worker', () => {
  test('answers on a socket that only its owner can reach, with its token in no process list', async () => {
    const { worker, client } = await start();
    expect(await client.ready()).toBe(true);
    expect(statSync(path.dirname(worker.socketPath)).mode & 0o777).toBe(0o700);
    expect(processes().filter(({ command }) => command.includes(worker.token))).toEqual([]);
    const { chunks } = await client.embed(recording, { toSec: 30, signal: never });
    expect(chunks).toHaveLength(3);
  });

  test('that is killed during a recording is restarted, and the client repeats the request', async () => {
    const deaths: string[] = [];
    const { worker, client } = await start((how) => deaths.push(how));
    const before = pidOf(worker);
    const family = descendantsOf(before).map(({ pid }) => pid);
    expect(family.length).toBeGreaterThan(0);
    const heard = await client.embed(recording, {
      toSec: 60,
      signal: never,
      onProgress: () => deaths.length === 0 && worker.pid === before && process.kill(before, 'SIGKILL'),
    });
    expect(heard.chunks.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(deaths).toEqual(['SIGKILL']);
    expect(worker.pid).not.toBe(before);
    await eventually(() => !family.some(lives));
  });

  test('restarts, and answers requests made meanwhile', async () => {
    const { worker, client } = await start();
    process.kill(pidOf(worker), 'SIGKILL');
    expect((await client.embed(recording, { toSec: 10, signal: never })).chunks).toHaveLength(1);
  });

  test('ends with all its children when it is closed, also during a recording', async () => {
    const { worker, client } = await start();
    const asking = Promise.withResolvers<void>();
    const asked = client.embed(endless, { signal: never, onProgress: () => asking.resolve() });
    asked.catch(() => {});
    await asking.promise;
    const family = [pidOf(worker), ...descendantsOf(pidOf(worker)).map(({ pid }) => pid)];
    expect(family.length).toBeGreaterThanOrEqual(3);
    await worker.close();
    await client.close();
    await expect(asked).rejects.toMatchObject({ name: 'LeitmotifError' });
    await eventually(() => !family.some(lives));
    expect(existsSync(path.dirname(worker.socketPath))).toBe(false);
    await expect(worker.whenReady(never)).rejects.toMatchObject({ code: 'worker-unavailable' });
  });

  test('ends with all its children when its parent is killed', async () => {
    const { parent, pid, socketPath } = await startParent();
    const family = [pid, ...descendantsOf(pid).map((child) => child.pid)];
    // The worker, its inference process and ffmpeg.
    expect(family.length).toBeGreaterThanOrEqual(3);
    parent.kill('SIGKILL');
    await eventually(() => !family.some(lives));
    expect(existsSync(path.dirname(socketPath))).toBe(false);
  });

  test.each([
    ['while it loads its modules', 0],
    ['while it loads its models', 1],
  ])(
    'ends when its parent is killed %s',
    async (_when, inferenceProcesses) => {
      const program = path.join(import.meta.dirname, 'loading-parent.ts');
      const parent = fork(program, [modelsDir], { execArgv: [] });
      const children = () => descendantsOf(parent.pid ?? 0);
      const isInference = ({ command }: { command: string }) => command.includes('inference-child');
      await eventually(() => children().some(({ command }) => command.includes('embedding-worker/main')));
      await eventually(() => children().filter(isInference).length >= inferenceProcesses);
      const family = children().map(({ pid }) => pid);
      parent.kill('SIGKILL');
      await eventually(() => !family.some(lives));
    },
    20_000,
  );

  test('ends and removes its folder when its parent is killed, also when it and its children are stopped', async () => {
    const { parent, pid, socketPath } = await startParent();
    const family = [pid, ...descendantsOf(pid).map((child) => child.pid)];
    expect(family.length).toBeGreaterThanOrEqual(3);
    for (const each of family) process.kill(each, 'SIGSTOP');
    parent.kill('SIGKILL');
    await eventually(() => !family.some(lives));
    await eventually(() => !existsSync(path.dirname(socketPath)));
  }, 30_000);

  test('leaves no guard process when it is closed', async () => {
    const { worker } = await start();
    const guards = () => processes().filter(({ command }) => command.includes(path.dirname(worker.socketPath)));
    expect(guards()).toHaveLength(1);
    await worker.close();
    await eventually(() => guards().length === 0);
  });

  test('reports why it cannot start', async () => {
    const deaths: string[] = [];
    const options = { ...slowWorkerOptions(modelsDir, ['nan']), onDeath: (how: string) => deaths.push(how) };
    await expect(startLocalWorker(options)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('Cannot load the model nan'),
    });
    // The failed start is reported by its error. It is not restarted, so no death is reported.
    expect(deaths).toEqual([]);
    await expect(startLocalWorker(slowWorkerOptions(modelsDir, ['clap']))).rejects.toMatchObject({
      code: 'model-unknown',
    });
    expect(descendantsRunning(process.pid, 'embedding-worker')).toEqual([]);
  });

  describe('for one recording', () => {
    /** Sends the recording as soon as the worker listens. */
    async function askEarly(models: string[], forOneRecording: boolean) {
      const listening = Promise.withResolvers<LocalWorker>();
      const options = slowWorkerOptions(modelsDir, models);
      const started = startLocalWorker({
        ...options,
        worker: { ...options.worker, forOneRecording },
        onListening: listening.resolve,
      });
      started.catch(() => {});
      const worker = await listening.promise;
      const client = new EmbeddingClient({
        ...{ target: { socketPath: worker.socketPath }, token: worker.token, model: null, deadlineMs: 60_000 },
        whenReady: (signal) => worker.whenReady(signal),
        retryLimits: { queueWaitMaxMs: 0, unavailableWaitMaxMs: forOneRecording ? 20_000 : 0, cutOffMax: 1 },
      });
      closers.push(async () => {
        await client.close();
        await worker.close();
      });
      const answer = client.embed(recording, { signal: never });
      return { answer, started, worker };
    }

    test('takes it before the model is loaded; others are refused until then', async () => {
      const { answer } = await askEarly(['slow'], true);
      expect((await answer).chunks.length).toBe(20);
      const refused = await askEarly(['slow'], false);
      await expect(refused.answer).rejects.toMatchObject({ message: 'The model slow is not loaded' });
    });

    test('fails with the reason for which the model cannot be loaded', async () => {
      const { answer, started, worker } = await askEarly(['nan'], true);
      const reason = expect.stringContaining('Cannot load the model nan');
      await expect(answer).rejects.toMatchObject({ message: reason });
      await expect(started).rejects.toMatchObject({ code: 'config-invalid', message: reason });
      // A request that is repeated only now gets it, too.
      await expect(worker.whenReady(never)).rejects.toMatchObject({ message: reason });
    });

    test('can be ended while it starts', async () => {
      const end = new AbortController();
      const started = startLocalWorker(slowWorkerOptions(modelsDir), end.signal);
      end.abort(new LeitmotifError('cancelled', 'No longer needed'));
      await expect(started).rejects.toMatchObject({ message: 'No longer needed' });
      expect(descendantsRunning(process.pid, 'embedding-worker')).toEqual([]);
    });
  });

  test('fails with worker-unavailable when it does not start in time', async () => {
    const hanging = path.join(import.meta.dirname, 'hanging-worker.ts');
    const options = { ...slowWorkerOptions(modelsDir), entry: hanging, startTimeoutMs: 300 };
    await expect(startLocalWorker(options)).rejects.toMatchObject({ code: 'worker-unavailable' });
    expect(descendantsRunning(process.pid, 'hanging-worker')).toEqual([]);
  });

  test('reports progress during a slow start', async () => {
    const words: string[] = [];
    const hanging = path.join(import.meta.dirname, 'hanging-worker.ts');
    const options = { ...slowWorkerOptions(modelsDir), entry: hanging, startTimeoutMs: 12_000 };
    const started = startLocalWorker({ ...options, onWaiting: (said) => words.push(said) });
    await expect(started).rejects.toMatchObject({ code: 'worker-unavailable' });
    expect(words[0]).toMatch(/^Waiting for the embedding worker, which loads the model slow: 1\d s so far/);
  });
});
