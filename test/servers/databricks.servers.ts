/** The Databricks engine against MLflow's scoring server, which Databricks Model Serving runs too, with the folder that
 *  `npm run models -- mlflow` writes. Tokens, limits and scaling to zero are Databricks' own: test/embedding-worker/remote/. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DatabricksNetwork } from '../../embedding-worker/engines/remote/databricks.ts';
import { readPredictions } from '../../embedding-worker/engines/remote/databricks-codec.ts';
import { itemToJson } from '../../embedding-worker/engines/remote/json-tensor.ts';
import { findModel } from '../../src/models/find-model.ts';
import { type NetworkSpec, networkSpecOf } from '../../src/models/network-spec.ts';
import { eventually } from '../embedding-worker/processes.ts';
import { counted, testLimits } from '../embedding-worker/remote/counted.ts';
import { onnxNetwork } from '../embedding-worker/remote/networks.ts';
import { runWorker } from '../embedding-worker/running-worker.ts';
import { freePort } from '../support/free-port.ts';
import { environmentOf, type PythonEnvironment } from './environments.ts';
import { expectSameVectors, largestDifference, modelNames, runModels, tones, windows, writeModels } from './models.ts';
import { ServerProcess } from './server-process.ts';

const never = new AbortController().signal;
type Served = ServerProcess & { readonly url: string };

let folder: string;
let modelsDir: string;
let mlflow: PythonEnvironment | null = null;
let missing: string | null = null;
const written = (model: string): string => path.join(folder, 'mlflow', model);
const servers = new Map<string, Served>();
const serverOf = (model: string): Served => servers.get(model) as Served;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-mlflow-'));
  modelsDir = path.join(folder, 'models');
  writeModels(modelsDir);
  const environment = await environmentOf('mlflow');
  if ('missing' in environment) {
    missing = environment.missing;
    process.stderr.write(`Skipped: no mlflow: ${missing}\n`);
    return;
  }
  mlflow = environment;
  const serving = modelNames.map(async (name) => {
    await runModels(modelsDir, 'mlflow', path.dirname(written(name)), name);
    servers.set(name, await serve(name));
  });
  for (const result of await Promise.allSettled(serving)) if (result.status === 'rejected') throw result.reason;
});
beforeEach((context) => {
  if (missing !== null) context.skip(`no mlflow: ${missing}`);
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.kill()));
  rmSync(folder, { recursive: true, force: true });
});

/** Quiet about itself, and sends no statistics. */
const quiet = { MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', GIT_PYTHON_REFRESH: 'quiet' };

async function serve(model: string): Promise<Served> {
  const { program, folder: environment } = mlflow as PythonEnvironment;
  const port = await freePort();
  const process = await ServerProcess.start({
    program: program('mlflow'),
    args: [
      ...['models', 'serve', '--model-uri', written(model), '--env-manager', 'local'],
      ...['--host', '127.0.0.1', '--port', String(port)],
    ],
    environment: { ...quiet, PATH: `${path.join(environment, 'bin')}:${globalThis.process.env.PATH}` },
    readyUrl: `http://127.0.0.1:${port}/ping`,
  });
  return Object.assign(process, { url: `http://127.0.0.1:${port}/invocations` });
}

const access = { token: 'not checked here' };

test('the folder is a model of MLflow, with the signature and the requirements that Unity Catalog and an endpoint need', async () => {
  const script = `
import json, sys, mlflow
from mlflow.models import Model
from mlflow.pyfunc import get_model_dependencies
from mlflow.store._unity_catalog.registry.rest_store import UcModelRegistryStore
# What Unity Catalog's client requires before it uploads a model.
UcModelRegistryStore._validate_model_signature(None, sys.argv[1])
model = Model.load(sys.argv[1])
loaded = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps({"signature": model.signature.to_dict(), "name": loaded.metadata.get_input_schema().input_names(),
  "requirements": open(get_model_dependencies(sys.argv[1])).read().split()}))`;
  const { program } = mlflow as PythonEnvironment;
  const { stdout } = await promisify(execFile)(program('python'), ['-c', script, written('clap-random')], {
    env: { ...process.env, ...quiet },
  });
  const { signature, name, requirements } = JSON.parse(stdout);
  expect(JSON.parse(signature.inputs)).toEqual([
    { name: 'input_features', type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 1, 1001, 64] } },
  ]);
  expect(JSON.parse(signature.outputs)).toEqual([
    { name: 'audio_embeds', type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 48] } },
  ]);
  expect(name).toEqual(['input_features']);
  expect(requirements).toContainEqual(expect.stringMatching(/^mlflow==/));
});

test.each(modelNames)(
  '%s: a recording embedded through its endpoint has the vectors of the local engine',
  async (model) => {
    const music = tones(folder, `music-${model}`, [0.2, 0.3, 0.4]);
    const local = await runWorker({ modelsDirs: [modelsDir], models: [model] });
    const known = await local.client.embed(music, { signal: never });
    await local.close();
    const engine = { type: 'databricks', url: serverOf(model).url, access, requestsMax: 2 } as const;
    const worker = await runWorker({ modelsDirs: [modelsDir], models: [model], engine });
    try {
      expectSameVectors(await worker.client.embed(music, { signal: never }), known);
      if (model !== 'loud-nan') return;
      const loud = tones(folder, 'loud', [0.3, 0.99]);
      await expect(worker.client.embed(loud, { signal: never })).rejects.toMatchObject({
        code: 'inference-failed',
        message: expect.stringContaining('got NaN'),
      });
      expectSameVectors(await worker.client.embed(music, { signal: never }), known);
    } finally {
      await worker.close();
    }
  },
);

describe('the endpoint of CLAP', () => {
  const server = () => serverOf('clap-random');
  let spec: NetworkSpec;
  let expected: Float32Array[];
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    const model = await findModel([modelsDir], 'clap-random');
    spec = networkSpecOf(model, 10);
    const file = path.join(model.folder, model.manifest.network.file);
    const local = await onnxNetwork(file, spec.input, { ...spec.output, itemShape: [spec.output.dimensions] });
    expected = await local.compute(windows(24));
  });
  afterEach(async () => {
    for (const part of opened.splice(0)) await part.close();
  });

  function connect(options: { url?: string; spec?: NetworkSpec; patienceMs?: number } = {}) {
    const { url = server().url, patienceMs = 120_000 } = options;
    const told = counted();
    const network = new DatabricksNetwork({
      ...{ url, access, spec: options.spec ?? spec, inFlightMax: 4, events: told.events },
      limits: { ...testLimits, pauseMs: 50, pauseMaxMs: 200, patienceMs, coldPatienceMs: patienceMs },
    });
    opened.unshift(network);
    return { network, ...told };
  }

  function expectRows(rows: readonly Float32Array[]): void {
    rows.forEach((row, i) => {
      expect(largestDifference(row, expected[i] as Float32Array)).toBeLessThan(1e-5);
    });
  }

  test('answers every form of the scoring protocol alike', async () => {
    const items = windows(2);
    const nested = items.map((item) => JSON.parse(itemToJson(item, spec.input.itemShape).toString()));
    const { name } = spec.input;
    const bodies = {
      inputs: { inputs: { [name]: nested } },
      'inputs without a name': { inputs: nested },
      instances: { instances: nested.map((item) => ({ [name]: item })) },
      // A cell has its tensor's numbers without nesting.
      dataframe_split: { dataframe_split: { columns: [name], data: items.map((item) => [[...item]]) } },
    };
    for (const [form, body] of Object.entries(bodies)) {
      const answer = await fetch(server().url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(answer.status, `${form}: ${bytes.subarray(0, 500)}`).toBe(200);
      expectRows(readPredictions(spec, 2, bytes));
    }
  });

  test('gets a batch above 16 MB in two requests', async () => {
    const { network, outcomes } = connect();
    await network.start(never);
    expect(network.batchMax).toBe(20);
    expectRows(await network.infer(windows(24), never));
    expect(outcomes).toEqual(['ok', 'ok', 'ok']);
  });

  test('refuses another shape at the start, in its own words and with the command that helps', async () => {
    const wide = { ...spec, input: { ...spec.input, itemShape: [1, 501, 64] } };
    await expect(connect({ spec: wide }).network.start(never)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringMatching(
        /status 400.*Shape of input \(1, 1, 501, 64\) does not match.*; npm run models -- mlflow/,
      ),
    });
    const narrow = { ...spec, output: { ...spec.output, dimensions: 9 } };
    await expect(connect({ spec: narrow }).network.start(never)).rejects.toThrow('expected 9 numbers');
  });

  test('is waited for while it restarts, and named with its variable when it stays away', async () => {
    const { network, outcomes } = connect();
    await network.start(never);
    await server().kill();
    const answered = network.infer(windows(1), never);
    await eventually(() => outcomes.includes('connection'));
    server().launch();
    expectRows(await answered);
    const { network: other } = connect({
      url: `http://127.0.0.1:${await freePort()}/serving-endpoints/clap/invocations`,
      patienceMs: 300,
    });
    await expect(other.start(never)).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringMatching(/ECONNREFUSED.*DATABRICKS_URL/),
    });
    const elsewhere = connect({ url: server().url.replace('invocations', 'serving-endpoints/other/invocations') });
    await expect(elsewhere.network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/status 404.*DATABRICKS_URL/),
    });
  });
});
