/** How the pool chooses its device: real inference processes, with or without a GPU. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { InferencePool, type InferencePoolOptions } from '../../embedding-worker/engines/inference-pool.ts';
import { createMetrics } from '../../embedding-worker/metrics.ts';
import { isRetryable } from '../../src/errors.ts';
import { findModel } from '../../src/models/find-model.ts';
import type { Model } from '../../src/models/manifest.ts';
import { eventually } from './processes.ts';
import { runWorker } from './running-worker.ts';
import { levelsOf, writeTinyModels } from './tiny-models.ts';

const never = new AbortController().signal;
const noCuda = !existsSync('/dev/nvidiactl');
let modelsDir: string;
let levels: Model;
const pools: InferencePool[] = [];

beforeAll(async () => {
  modelsDir = writeTinyModels(mkdtempSync(path.join(tmpdir(), 'pool-test-')), [{ name: 'levels', kind: 'levels' }]);
  levels = await findModel([modelsDir], 'levels');
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});
afterAll(() => rmSync(modelsDir, { recursive: true }));

function poolOf(options: Partial<InferencePoolOptions> = {}): InferencePool {
  const pool = new InferencePool({
    model: levels,
    ...({ windowSec: 10, device: 'auto', gives: 'vector', processes: 2 } as const),
    ...{ loadTimeoutMs: 60_000, stepTimeoutMs: 60_000 },
    onDeath: () => {},
    ...options,
  });
  pools.push(pool);
  return pool;
}

describe('with automatic choice the pool', () => {
  test('takes the CPU at once where no GPU can exist', async () => {
    const devices: unknown[] = [];
    const pool = poolOf({ gpuMayBeThere: () => false, onDevice: (...seen) => devices.push(seen) });
    expect(pool.device).toBe('loading');
    await pool.start();
    expect(pool.device).toBe('cpu');
    expect(pool.passedOver).toEqual([]);
    // The second one starts when the first is ready, and does not delay it.
    expect(pool.pids).toHaveLength(2);
    expect(devices).toEqual([['cpu', []]]);
    await eventually(() => devices.length === 2);
    expect(devices).toEqual([
      ['cpu', []],
      ['cpu', []],
    ]);
  });

  test('tries every GPU where one may exist, and reports why each was skipped', async () => {
    const died: string[] = [];
    const pool = poolOf({ gpuMayBeThere: () => true, onDeath: (how) => died.push(how) });
    await pool.start();
    expect(pool.device).toBe('cpu');
    expect(pool.passedOver).toEqual([expect.stringMatching(/^cuda: .{10}/), expect.stringMatching(/^webgpu: .{10}/)]);
    expect(pool.pids).toHaveLength(2);
    // An expected exit is not logged as a death.
    expect(died).toEqual([]);
    const samples = new Float32Array(160_000).fill(0.25);
    const { vector } = await pool.embed(samples, never);
    levelsOf(samples).forEach((value, at) => void expect(vector[at]).toBeCloseTo(value, 5));
  });

  test('skips GPUs that do not respond, and fails with one sentence when no device responds', async () => {
    const pool = poolOf({ gpuMayBeThere: () => true, loadTimeoutMs: 1 });
    const failure = await pool.start().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'worker-unavailable', message: expect.stringContaining('no sign of life') });
    // A busy machine, not a wrong setting: the same may succeed later.
    expect(isRetryable(failure)).toBe(true);
    expect(pool.passedOver).toEqual([
      expect.stringMatching(/^cuda: .*no sign of life/),
      expect.stringMatching(/^webgpu: .*no sign of life/),
    ]);
  });
});

describe('further processes', () => {
  const window = new Float32Array(160_000).fill(0.25);

  test('do not start while the first one keeps up', async () => {
    const pool = poolOf({ device: 'cpu', startsOthersAfterMs: 60_000 });
    await pool.start();
    // More than the first one has in flight: some wait, but not for long.
    await Promise.all(Array.from({ length: 6 }, () => pool.embed(window, never)));
    expect(pool.pids).toHaveLength(1);
  });

  test('start when windows have waited for long, and windows of any number are answered', async () => {
    const pool = poolOf({ device: 'cpu', startsOthersAfterMs: 1 });
    const early = Array.from({ length: 40 }, () => pool.embed(window, never));
    await pool.start();
    const answers = await Promise.all([...early, ...Array.from({ length: 40 }, () => pool.embed(window, never))]);
    expect(answers).toHaveLength(80);
    expect(pool.pids).toHaveLength(2);
  });
});

test('fails to start when a model cannot be loaded, without restarting the process', async () => {
  const died: string[] = [];
  const network = { ...levels.manifest.network, sha256: '0'.repeat(64) };
  const model = { ...levels, manifest: { ...levels.manifest, network } };
  const pool = poolOf({ model, device: 'cpu', onDeath: (how) => died.push(how) });
  await expect(pool.start()).rejects.toMatchObject({ code: 'config-invalid' });
  expect(died).toEqual([]);
});

describe('a device set by name', () => {
  test.skipIf(!noCuda)(
    'keeps the worker from starting when it is missing, with a message for the operator',
    async () => {
      await expect(runWorker({ modelsDirs: [modelsDir], models: ['levels'], device: 'cuda' })).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringMatching(/^Cannot use EMBEDDING_DEVICE=cuda: .+ With EMBEDDING_DEVICE=auto/),
      });
    },
  );

  test('is given up after the first try when it hangs', async () => {
    const died: string[] = [];
    const pool = poolOf({ device: 'webgpu', loadTimeoutMs: 1, onDeath: (how) => died.push(how) });
    await expect(pool.start()).rejects.toMatchObject({
      code: 'config-invalid',
      // Callers append to this sentence: no full stop at its end.
      message: expect.stringMatching(/EMBEDDING_DEVICE=webgpu: .*no sign of life.*[^.]$/),
    });
    // The start fails with the reason; a log line about a restart would be false.
    expect(died).toEqual([]);
  });

  test('is refused when the network runs on a remote server', async () => {
    await expect(poolOf({ device: 'cuda', gives: 'network-input' }).start()).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('the network runs elsewhere'),
    });
  });
});

describe('the metric of the device', () => {
  const nobody = () => ({ waiting: 0, running: 0 });
  test('names only the current device', async () => {
    const metrics = createMetrics({ recordings: nobody, texts: nobody });
    metrics.setDevice('levels', 'webgpu');
    metrics.setDevice('other', 'webgpu');
    metrics.setDevice('levels', 'cpu');
    const text = await metrics.registry.metrics();
    expect(text.match(/^worker_device_info.*$/gm)?.sort()).toEqual([
      'worker_device_info{model="levels",device="cpu"} 1',
      'worker_device_info{model="other",device="webgpu"} 1',
    ]);
  });
});
