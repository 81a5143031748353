/** The whole worker, HTTP in and NDJSON out, with its network on a remote server: the vectors equal those of the local
 *  engine, and faults of the server are reported. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canaryWindow } from '../../../embedding-worker/engines/canary.ts';
import type { EmbeddedRecording } from '../../../src/domain.ts';
import { encodeArray } from '../../../src/embedding/packed-arrays.ts';
import type { WorkerEngine, WorkerOptions } from '../../../src/embedding/worker-options.ts';
import { isRetryable } from '../../../src/errors.ts';
import { readModel } from '../../../src/models/manifest.ts';
import { installReferenceModel } from '../../support/reference-models.ts';
import { descendantsOf, eventually } from '../processes.ts';
import { builtinModels, type RunningWorker, runWorker } from '../running-worker.ts';
import { writeWav } from '../sounds.ts';
import { levelsOf, writeTinyModels } from '../tiny-models.ts';
import { databricksServer, endpointPath } from './databricks-server.ts';
import type { FaultyServer } from './faulty-server.ts';
import { onnxNetwork, type ServedNetwork } from './networks.ts';
import { type OpenInferenceServerOptions, openInferenceServer } from './open-inference-server.ts';

const never = new AbortController().signal;
const windowSamples = 160_000;
const references = ['clap-random', 'wav2vec2-random'] as const;
const elsewhere = ['builtin', ...references, 'levels', 'single'];

let folder: string;
let modelsDir: string;
let music: string;
/** Closed after each test or at the end. */
const opened: { close(): Promise<void> }[] = [];
const lasting: { close(): Promise<void> }[] = [];
/** One server with all models, and one worker that uses it for all its networks. */
let server: FaultyServer;
let worker: RunningWorker;
let wait: (inference: number) => Promise<unknown> = async () => {};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'worker-remote-'));
  const canary = encodeArray(Float32Array.from(levelsOf(canaryWindow(windowSamples))));
  modelsDir = writeTinyModels(
    path.join(folder, 'models'),
    ['levels', 'single'].map((name) => ({ name, kind: 'levels' as const, manifest: { canary } })),
  );
  for (const name of references) installReferenceModel(modelsDir, name);
  music = sines('music', 3).file;
  const models: Record<string, ServedNetwork> = { levels, single: { ...levels, batchMax: 1 } };
  for (const name of ['builtin', ...references]) models[name] = await networkOf(name);
  server = await openInferenceServer({ models, wait: (inference) => wait(inference) });
  lasting.push(server);
  worker = await runWorker({
    modelsDirs: [builtinModels, modelsDir],
    models: elsewhere,
    engine: openInference(server.url),
  });
  lasting.unshift(worker);
});
afterAll(async () => {
  for (const part of lasting) await part.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  wait = async () => {};
  for (const part of opened.splice(0)) await part.close();
});

async function run(options: Partial<WorkerOptions>): Promise<RunningWorker> {
  const another = await runWorker({ modelsDirs: [builtinModels, modelsDir], models: ['levels'], ...options });
  opened.unshift(another);
  return another;
}

async function serve(options: OpenInferenceServerOptions): Promise<FaultyServer> {
  const another = await openInferenceServer(options);
  opened.push(another);
  return another;
}

function openInference(url: string, requestsMax = 4): WorkerEngine {
  return { type: 'open-inference', url, model: null, token: null, requestsMax };
}

/** Serves the output of the model's own file. */
async function networkOf(name: string): Promise<ServedNetwork> {
  const dir = name === 'builtin' ? builtinModels : modelsDir;
  const { manifest, folder: at } = await readModel(path.join(dir, name, 'model.json'));
  const { file, input, output } = manifest.network;
  const itemShape = manifest.family === 'clap' ? [1, 1001, 64] : [windowSamples];
  const rows = manifest.family === 'wav2vec2' ? [-1, manifest.dimensions] : [manifest.dimensions];
  return onnxNetwork(path.join(at, file), { name: input, itemShape }, { name: output, itemShape: rows });
}

const levels: ServedNetwork = {
  input: { name: 'pcm', itemShape: [windowSamples] },
  output: { name: 'embedding', itemShape: [4] },
  batchMax: 4,
  compute: async (items) => items.map((item) => Float32Array.from(levelsOf(item))),
};

const levelOf = (window: number): number => 0.1 + 0.05 * window;

function sineWindow(window: number): Float32Array {
  const first = window * windowSamples;
  return Float32Array.from(
    { length: windowSamples },
    (_, i) => levelOf(window) * Math.sin((2 * Math.PI * 440 * (first + i)) / 16_000),
  );
}

function sines(name: string, windows: number): { file: string } {
  const samples = new Float32Array(windows * windowSamples);
  for (let window = 0; window < windows; window++) samples.set(sineWindow(window), window * windowSamples);
  return { file: writeWav(path.join(folder, `${name}.wav`), samples) };
}

function distance(a: Float32Array, b: Float32Array): number {
  return 1 - a.reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);
}

function expectTheSame(heard: EmbeddedRecording, expected: EmbeddedRecording): void {
  expect(heard.spaceId).toBe(expected.spaceId);
  expect(heard.chunks).toHaveLength(3);
  heard.chunks.forEach(({ vector, ...chunk }, i) => {
    const { vector: known, ...same } = expected.chunks[i] ?? { vector: new Float32Array() };
    expect(chunk).toEqual(same);
    expect(distance(vector, known)).toBeLessThan(1e-6);
  });
}

const embed = (model: string, file: string): Promise<EmbeddedRecording> =>
  worker.clientWith({ model }).embed(file, { signal: never });

describe('a recording embedded on a remote server', () => {
  const here = new Map<string, EmbeddedRecording>();
  beforeAll(async () => {
    const models = ['builtin', ...references];
    const local = await runWorker({ modelsDirs: [builtinModels, modelsDir], models });
    for (const model of models) {
      here.set(model, await local.clientWith({ model }).embed(music, { signal: never }));
    }
    await local.close();
  });
  const known = (model: string) => here.get(model) as EmbeddedRecording;

  test.each(['builtin', ...references])('by %s has the vectors and the space of the local engine', async (model) => {
    expectTheSame(await embed(model, music), known(model));
  });

  test('has them over Databricks as well', async () => {
    const workspace = await databricksServer({ network: await networkOf('clap-random'), tokens: new Set(['dapi-1']) });
    opened.push(workspace);
    const url = workspace.url + endpointPath;
    const engine: WorkerEngine = { type: 'databricks', url, access: { token: 'dapi-1' }, requestsMax: 2 };
    const other = await run({ models: ['clap-random'], engine });
    expectTheSame(await other.client.embed(music, { signal: never }), known('clap-random'));
    expect((await other.client.models()).models[0]?.device).toBe(`databricks clap@127.0.0.1:${workspace.port}`);
  });

  test('keeps its order in whatever order the answers arrive', async () => {
    const begun = server.inferences().length;
    const answered = Array.from({ length: 12 }, () => Promise.withResolvers<void>());
    const order: number[] = [];
    // Of every two requests, the first is answered after the second.
    wait = async (inference) => {
      const n = inference - begun;
      if (n % 2 === 0) await answered[n + 1]?.promise;
      order.push(n);
      answered[n]?.resolve();
    };
    const heard = await embed('single', sines('order', 12).file);
    expect(heard.chunks.map(({ index }) => index)).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    heard.chunks.forEach(({ vector }, i) => {
      levelsOf(sineWindow(i)).forEach((value, at) => void expect(vector[at]).toBeCloseTo(value, 3));
    });
  });

  test('is counted in the metrics, with its device', async () => {
    const { models } = await worker.client.models();
    expect(models.map(({ device }) => device)).toEqual(
      elsewhere.map((name) => `open-inference ${name}@127.0.0.1:${server.port}`),
    );
    const metrics = await (await worker.fetch('/metrics')).text();
    expect(metrics).toMatch(/worker_remote_requests_total\{model="single",outcome="ok"\} 1[0-9]/);
    expect(metrics).toMatch(/worker_remote_request_seconds_count\{model="single"\} 1[0-9]/);
    expect(metrics).toMatch(/worker_remote_batch_windows_sum\{model="single"\} 12/);
    expect(metrics).toMatch(/worker_remote_breaker\{model="single",state="closed"\} 1/);
    expect(metrics).toMatch(/worker_device_info\{model="single",device="open-inference single@/);
  });
});

describe('a fault on the remote server', () => {
  test('in one window ends only its recording', async () => {
    server.faults.push({ kind: 'rows', change: (rows) => rows.map((row) => row.map(() => Number.NaN)) });
    const { file } = sines('nan', 2);
    await expect(embed('levels', file)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringContaining('length 1, got NaN'),
    });
    expect((await embed('levels', file)).chunks).toHaveLength(2);
  });

  test('that is temporary has no effect on the answer', async () => {
    server.faults.push({ kind: 'status', status: 503 }, { kind: 'reset' }, { kind: 'half' });
    expect((await embed('levels', sines('passes', 2).file)).chunks).toHaveLength(2);
    expect(await (await worker.fetch('/metrics')).text()).toMatch(/worker_remote_retries_total\{model="levels"\} 3/);
  });

  test('without an answer is abandoned when the client hangs up', async () => {
    const begun = server.inferences().length;
    server.faults.push({ kind: 'never' });
    const gone = new AbortController();
    const asked = worker.clientWith({ model: 'levels' }).embed(sines('left', 1).file, { signal: gone.signal });
    await eventually(() => server.inferences().length === begun + 1);
    gone.abort();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await eventually(() => server.inferences()[begun]?.cut === true);
  });

  test('that persists makes the worker unready, with a message, before it accepts a recording', async () => {
    const down = await serve({ models: { levels } });
    const other = await run({ engine: openInference(down.url, 1) });
    const { file } = sines('down', 1);
    for (let i = 0; i < 3; i++) {
      down.faults.push({ kind: 'status', status: 500, body: '{"error":"CUDA error"}' });
      await expect(other.client.embed(file, { signal: never })).rejects.toThrow('CUDA error');
    }
    // Depending on the time passed, the request is refused, or it is sent and closes the breaker; both are checked.
    const asked = down.inferences().length;
    const unready = (await fetch(`${other.url}/readyz`)).status === 503;
    const failure = await other.client.embed(file, { signal: never }).catch((error: unknown) => error);
    if (unready && down.inferences().length === asked) {
      expect(failure).toMatchObject({
        code: 'worker-unavailable',
        message: expect.stringMatching(/levels@127.*is down, and is asked again in \d+ s: .*CUDA error/),
      });
    }
    expect(await (await other.fetch('/metrics')).text()).toMatch(
      /worker_remote_requests_total\{model="levels",outcome="500"\} 3/,
    );
  });

  test('does not keep the worker from stopping; without the binary extension everything is sent in JSON', async () => {
    const plain = await serve({ models: { levels }, extensions: [] });
    const other = await run({ engine: openInference(plain.url, 1) });
    expect((await other.client.embed(sines('json', 1).file, { signal: never })).chunks).toHaveLength(1);
    expect(plain.inferences().every(({ headers }) => headers['content-type'] === 'application/json')).toBe(true);
    plain.faults.push({ kind: 'never' });
    const asked = other.client.embed(sines('stopping', 1).file, { signal: never });
    asked.catch(() => {});
    await eventually(() => plain.inferences().length === 3);
    await other.close();
    opened.splice(opened.indexOf(other), 1);
    // The worker closes its client too: whichever is first, the answer ends with a retryable error.
    await expect(asked).rejects.toSatisfy(isRetryable);
    await eventually(() => plain.inferences()[2]?.cut === true);
  });

  test.each<[string, ServedNetwork['compute'], RegExp]>([
    [
      'other weights under the same name',
      async (items) => items.map((item) => Float32Array.from(levelsOf(item)).reverse()),
      /levels@127.*computes something else/,
    ],
    ['no numbers', async (items) => items.map(() => new Float32Array(4)), /levels@127.*a vector of length 1, got 0/],
  ])('at the start keeps the worker from starting: %s', async (_, compute, words) => {
    const wrong = await serve({ models: { levels: { ...levels, compute } } });
    await expect(run({ engine: openInference(wrong.url) })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(words),
    });
  });
});

test('passes tokens from the environment to the remote server, and to no other process', async () => {
  const triton = await serve({ models: { builtin: await networkOf('builtin') }, token: 'a secret of Triton' });
  const standalone = spawn(process.execPath, ['embedding-worker/main.ts'], {
    cwd: path.resolve(import.meta.dirname, '../../..'),
    env: {
      PATH: process.env.PATH,
      EMBEDDING_ENGINE: 'open-inference',
      OPEN_INFERENCE_URL: triton.url,
      OPEN_INFERENCE_TOKEN: 'a secret of Triton',
      DATABRICKS_CLIENT_SECRET: 'another secret',
      EMBEDDING_WORKER_TOKEN: 'the token of the worker',
      INFERENCE_PROCESSES: '1',
      WORKER_PORT: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  standalone.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  try {
    await eventually(() => said.includes('listens on') || standalone.exitCode !== null);
    expect(said).toContain('listens on');
    expect(triton.inferences().length).toBeGreaterThan(0);
    const children = descendantsOf(standalone.pid as number);
    expect(children.length).toBeGreaterThan(0);
    for (const { pid } of children) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain('PATH=');
      expect(environment).not.toMatch(/secret|the token of the worker/);
    }
  } finally {
    standalone.kill('SIGTERM');
    if (standalone.exitCode === null) await once(standalone, 'exit');
  }
});
