/** The Open Inference engine against real servers: Triton, MLServer and KServe's model server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OpenInferenceNetwork } from '../../embedding-worker/engines/remote/open-inference.ts';
import {
  binaryInferBody,
  headerLengthName,
  jsonInferBody,
  readInferAnswer,
} from '../../embedding-worker/engines/remote/open-inference-codec.ts';
import type { EmbeddedRecording } from '../../src/domain.ts';
import type { WorkerEngine } from '../../src/embedding/worker-options.ts';
import { findModel } from '../../src/models/find-model.ts';
import { type NetworkSpec, networkSpecOf } from '../../src/models/network-spec.ts';
import { eventually } from '../embedding-worker/processes.ts';
import { counted, testLimits } from '../embedding-worker/remote/counted.ts';
import { onnxNetwork, type ServedNetwork } from '../embedding-worker/remote/networks.ts';
import { type RunningWorker, runWorker } from '../embedding-worker/running-worker.ts';
import { freePort } from '../support/free-port.ts';
import { expectSameVectors, largestDifference, modelNames, runModels, tones, windows, writeModels } from './models.ts';
import {
  type OpenInferenceKind,
  type OpenInferenceServer,
  openInferenceKinds,
  startOpenInference,
  undeclaredModel,
} from './open-inference-servers.ts';

const never = new AbortController().signal;
const clap = 'clap-random';
/** Triton reports the largest batch from config.pbtxt; the others take any, and the worker's own limit holds. */
const announcesBinary: readonly OpenInferenceKind[] = ['triton'];
const acceptsBinary: readonly OpenInferenceKind[] = ['triton', 'kserve'];

let folder: string;
let modelsDir: string;
let repository: string;
let spec: NetworkSpec;
let local: ServedNetwork;
let music: string;
const known = new Map<string, EmbeddedRecording>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-servers-'));
  modelsDir = path.join(folder, 'models');
  repository = path.join(folder, 'repository');
  writeModels(modelsDir);
  for (const name of modelNames) await runModels(modelsDir, 'triton', repository, name);
  const model = await findModel([modelsDir], clap);
  spec = networkSpecOf(model, 10);
  const { input, output } = spec;
  const file = path.join(model.folder, model.manifest.network.file);
  local = await onnxNetwork(file, input, { ...output, itemShape: [output.dimensions] });
  music = tones(folder, 'music', [0.2, 0.3, 0.4]);
  const worker = await runWorker({ modelsDirs: [modelsDir], models: [...modelNames] });
  for (const model of modelNames) {
    known.set(model, await worker.clientWith({ model }).embed(music, { signal: never }));
  }
  await worker.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(openInferenceKinds)('%s', (kind) => {
  let server: OpenInferenceServer;
  let missing: string | null = null;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    const scratch = path.join(folder, kind);
    const started = await startOpenInference(kind, { repository, models: modelNames, scratch });
    if ('missing' in started) {
      missing = started.missing;
      process.stderr.write(`Skipped: no ${kind}: ${missing}\n`);
    } else server = started;
  });
  beforeEach((context) => {
    if (missing !== null) context.skip(`no ${kind}: ${missing}`);
  });
  afterEach(async () => {
    for (const part of opened.splice(0)) await part.close();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  function connect(options: { url?: string; model?: string; spec?: NetworkSpec; patienceMs?: number } = {}) {
    const { url = server.url, model = clap, patienceMs = 120_000 } = options;
    const told = counted();
    const network = new OpenInferenceNetwork({
      ...{ url, model, token: null, spec: options.spec ?? spec, inFlightMax: 4, events: told.events },
      limits: { ...testLimits, pauseMs: 50, pauseMaxMs: 200, patienceMs, coldPatienceMs: patienceMs },
    });
    opened.unshift(network);
    return { network, ...told };
  }

  async function infer(headers: Readonly<Record<string, string>>, body: Buffer): Promise<Response> {
    return fetch(`${server.url}/v2/models/${clap}/infer`, { method: 'POST', headers, body: new Uint8Array(body) });
  }

  describe('runs the networks of a worker', () => {
    let worker: RunningWorker | null = null;
    beforeAll(async () => {
      if (missing !== null) return;
      const engine: WorkerEngine = {
        type: 'open-inference',
        url: server.url,
        model: null,
        token: null,
        requestsMax: 4,
      };
      worker = await runWorker({ modelsDirs: [modelsDir], models: [...modelNames], engine });
    });
    afterAll(() => worker?.close());
    const client = (model: string) => (worker as RunningWorker).clientWith({ model });

    test.each(modelNames)('%s: its vectors equal those of the local engine', async (model) => {
      const embedded = await client(model).embed(music, { signal: never });
      expectSameVectors(embedded, known.get(model) as EmbeddedRecording);
    });

    test('a recording whose answer has NaN is refused, and the next one is embedded', async () => {
      const loud = tones(folder, `${kind}-loud`, [0.3, 0.99]);
      await expect(client('loud-nan').embed(loud, { signal: never })).rejects.toMatchObject({
        code: 'inference-failed',
        message: expect.stringContaining('got NaN'),
      });
      const embedded = await client('loud-nan').embed(music, { signal: never });
      expectSameVectors(embedded, known.get('loud-nan') as EmbeddedRecording);
    });
  });

  test('gives each of many concurrent requests its own rows', async () => {
    const { network, outcomes } = connect();
    await network.start(never);
    const sizes = [1, 3, 2, 5, 1, 4];
    const batches = sizes.map((size, i) => windows(size, i * 10));
    const rows = await Promise.all(batches.map((batch) => network.infer(batch, never)));
    const expected = await local.compute(batches.flat());
    rows.flat().forEach((row, i) => {
      expect(largestDifference(row, expected[i] as Float32Array)).toBeLessThan(1e-5);
    });
    expect(new Set(outcomes)).toEqual(new Set(['ok']));
  });

  test('binary tensors are used if they are announced, and JSON tensors give the same', async () => {
    const { extensions } = (await (await fetch(`${server.url}/v2`)).json()) as { extensions: string[] };
    expect(extensions.includes('binary_tensor_data')).toBe(announcesBinary.includes(kind));
    const items = windows(2);
    const [expected] = await local.compute(items);
    const json = await jsonInferBody(spec, items, never);
    const binary = binaryInferBody(spec, items);
    for (const { headers, body } of acceptsBinary.includes(kind) ? [json, binary] : [json]) {
      const answer = await infer(headers, body);
      const headerLength = answer.headers.get(headerLengthName) ?? undefined;
      expect(headerLength !== undefined).toBe(body === binary.body);
      const [row] = readInferAnswer(spec, 2, Buffer.from(await answer.arrayBuffer()), headerLength);
      expect(largestDifference(row as Float32Array, expected as Float32Array)).toBeLessThan(1e-5);
    }
    if (!acceptsBinary.includes(kind)) expect((await infer(binary.headers, binary.body)).ok).toBe(false);
  });

  test('refuses a model that is not there with the variable that names it, at once', async () => {
    const { network, count } = connect({ model: 'other' });
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(
        /model other of .*status 404, there is no such model.*other.*OPEN_INFERENCE_MODEL/,
      ),
    });
    expect(count.retries).toBe(0);
  });

  test('refuses a model of another shape', async () => {
    const wide = { ...spec, input: { ...spec.input, itemShape: [1, 501, 64] } };
    await expect(connect({ spec: wide }).network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/"input_features" to be FP32 \[-1, 1, 501, 64\], got FP32 \[-1, 1, 1001, 64\]/),
    });
  });

  test('reports an input that the server refuses in its own words', async () => {
    const short = { ...spec, input: { ...spec.input, itemShape: [1, 3, 64] } };
    const { network } = connect();
    await network.start(never);
    const other = connect({ spec: short });
    const items = [new Float32Array(3 * 64)];
    await expect(other.network.infer(items, never)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringMatching(/status 400.*(shape|dimensions)/i),
    });
    expect(other.count.retries).toBe(0);
  });

  test('a request that it cannot read is refused with a readable message', async () => {
    const { network } = connect({ spec: { ...spec, input: { name: 'other', itemShape: spec.input.itemShape } } });
    await expect(network.infer(windows(1), never)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringMatching(/status 400.*(input|other)/i),
    });
    const answer = await infer({ 'content-type': 'application/json' }, Buffer.from('{}'));
    expect([400, 422, 500]).toContain(answer.status);
  });

  test('a model that is taken out of service is waited for, and its return is noticed', async () => {
    const { network, outcomes } = connect();
    await network.start(never);
    await server.unload(clap);
    const answered = network.infer(windows(2), never);
    await eventually(() => outcomes.filter((outcome) => outcome === '400' || outcome === '404').length >= 2);
    await server.load(clap);
    const expected = await local.compute(windows(2));
    (await answered).forEach((row, i) => {
      expect(largestDifference(row, expected[i] as Float32Array)).toBeLessThan(1e-5);
    });
  });

  test('a server that is killed is waited for, and one that stays away is named with its variable', async () => {
    const { network, outcomes } = connect();
    await network.start(never);
    await server.process.kill();
    const answered = network.infer(windows(1), never);
    await eventually(() => outcomes.includes('connection'));
    const { network: other } = connect({ url: `http://127.0.0.1:${await freePort()}`, patienceMs: 300 });
    await expect(other.start(never)).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringMatching(/ECONNREFUSED.*OPEN_INFERENCE_URL/),
    });
    await server.process.revive();
    expect(await answered).toHaveLength(1);
    // A worker that starts together with its server.
    await server.process.kill();
    server.process.launch();
    const { network: early } = connect();
    await early.start(never);
    expect(await early.infer(windows(1), never)).toHaveLength(1);
  });

  test('declares what the worker checks, but for models that declare nothing', async () => {
    const answer = await fetch(`${server.url}/v2/models/${undeclaredModel}`);
    const { inputs } = (await answer.json()) as { inputs: unknown[] };
    expect(inputs).toHaveLength(kind === 'mlserver' ? 0 : 1);
  });

  test.runIf(kind === 'triton')('takes the largest batch from config.pbtxt, and reports a larger one', async () => {
    const { network } = connect();
    await network.start(never);
    expect(network.batchMax).toBe(32);
    await expect(network.infer(windows(33), never)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringContaining('batch-size must be <= 32'),
    });
  });
});
