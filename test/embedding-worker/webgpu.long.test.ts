/** The WebGPU provider of ONNX Runtime, on a software Vulkan. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InferencePool, type InferencePoolOptions } from '../../embedding-worker/engines/inference-pool.ts';
import { findModel } from '../../src/models/find-model.ts';
import { floatsOf, type ReferenceVectors, readReference } from '../support/reference-fixtures.ts';
import { referenceModel } from '../support/reference-models.ts';
import { referenceSignal } from '../support/reference-signals.ts';
import { swiftShaderRuns, useSwiftShader } from '../support/swiftshader.ts';
import { builtinModels, runWorker } from './running-worker.ts';
import { chords, makeSound } from './sounds.ts';
import { levelsOf, writeTinyModels } from './tiny-models.ts';

const never = new AbortController().signal;
/** SwiftShader compiles each kernel for the CPU: half a minute for the built-in model on two busy cores. */
const slowMs = 600_000;
let folder: string;
let modelsDir: string;
let leaveSwiftShader: () => void;

const window = (level: number) =>
  Float32Array.from({ length: 160_000 }, (_, at) => level * Math.sin((2 * Math.PI * 440 * at) / 16_000));

async function withPool<T>(options: Partial<InferencePoolOptions>, use: (pool: InferencePool) => Promise<T>) {
  const pool = new InferencePool({
    model: await findModel([modelsDir], 'levels'),
    ...({ windowSec: 10, device: 'webgpu', gives: 'vector', processes: 1 } as const),
    ...{ loadTimeoutMs: slowMs, stepTimeoutMs: slowMs, onDeath: () => {} },
    ...options,
  });
  try {
    await pool.start();
    return await use(pool);
  } finally {
    await pool.close();
  }
}

describe.skipIf(!swiftShaderRuns)('on WebGPU', { timeout: slowMs }, () => {
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'webgpu-test-'));
    modelsDir = writeTinyModels(path.join(folder, 'models'), [
      { name: 'levels', kind: 'levels' },
      { name: 'loud-nan', kind: 'loud-nan' },
    ]);
    leaveSwiftShader = useSwiftShader();
  });
  afterAll(() => {
    leaveSwiftShader();
    rmSync(folder, { recursive: true });
  });

  test('batches of every size give the same vectors as single windows', async () => {
    await withPool({}, async (pool) => {
      expect([pool.device, pool.pids.length]).toEqual(['webgpu', 1]);
      for (const size of [1, 2, 3, 7, 40]) {
        const windows = Array.from({ length: size }, (_, at) => window((at + 1) / (size + 1)));
        const embedded = await Promise.all(windows.map((samples) => pool.embed(samples, never)));
        embedded.forEach(({ vector }, at) => {
          levelsOf(windows[at] ?? window(0)).forEach((value, d) => void expect(vector[d]).toBeCloseTo(value, 4));
        });
      }
    });
  });

  test('a window that the model cannot compute fails alone', async () => {
    await withPool({ model: await findModel([modelsDir], 'loud-nan') }, async (pool) => {
      const levels = [0.1, 0.2, 0.99, 0.3, 0.4, 0.5];
      const settled = await Promise.allSettled(levels.map((level) => pool.embed(window(level), never)));
      expect(settled.map(({ status }) => status)).toEqual(levels.map((l) => (l > 0.9 ? 'rejected' : 'fulfilled')));
      expect(settled[2]).toMatchObject({ reason: { code: 'inference-failed' } });
    });
  });

  test('a killed process is replaced on the same device, and nothing is lost', async () => {
    await withPool({}, async (pool) => {
      const asked = Array.from({ length: 20 }, (_, at) => pool.embed(window(at / 20), never));
      for (const pid of pool.pids) process.kill(pid, 'SIGKILL');
      expect(await Promise.all(asked)).toHaveLength(20);
      expect(pool.device).toBe('webgpu');
    });
  });

  test('the worker reports its device, and computes the vectors of the CPU', async () => {
    const music = makeSound(folder, 'music.wav', chords(25));
    const options = { modelsDirs: [modelsDir], models: ['levels'] };
    const heard = [];
    for (const device of ['cpu', 'webgpu'] as const) {
      const worker = await runWorker({ ...options, device });
      try {
        heard.push((await worker.client.embed(music, { signal: never })).chunks);
        expect((await worker.client.models()).models).toMatchObject([{ name: 'levels', device, passedOver: [] }]);
        const metrics = await (await worker.fetch('/metrics')).text();
        expect(metrics.match(/^worker_device_info.*$/gm)).toEqual([
          `worker_device_info{model="levels",device="${device}"} 1`,
        ]);
      } finally {
        await worker.close();
      }
    }
    const [onCpu = [], onGpu = []] = heard;
    expect(onGpu.map(({ kind, startSec }) => [kind, startSec])).toEqual(
      onCpu.map(({ kind, startSec }) => [kind, startSec]),
    );
    onGpu.forEach(({ vector }, at) => void expect(distance(vector, onCpu[at]?.vector)).toBeLessThan(1e-4));
  });

  test('the descriptor model reproduces its canary and the vectors of the CPU', async () => {
    await expectVectorsOfTheCpu('descriptor');
  });

  // ONNX Runtime 1.30 on SwiftShader computes its convolutions wrongly; a version that computes them right passes the proof.
  test('the built-in model gives the vectors of the CPU, or is refused with the reason', async () => {
    await expectVectorsOfTheCpu('builtin').catch((error: unknown) => {
      expect(error).toMatchObject({
        code: 'config-invalid',
        message: expect.stringMatching(
          /EMBEDDING_DEVICE=webgpu: computes something else: the canary's vector is 0\.\d+/,
        ),
      });
    });
  });

  test("CLAP's front-end and a network of its shape give the vectors of Python", async () => {
    const { sampleRateHz, windows } = readReference<ReferenceVectors>('clap-random.json');
    const whole = windows.filter(({ samples }) => samples === 10 * sampleRateHz).slice(0, 2);
    await withPool({ model: referenceModel('clap-random') }, async (pool) => {
      const sounds = whole.map((described) => referenceSignal(described, sampleRateHz));
      const embedded = await Promise.all(sounds.map((samples) => pool.embed(samples, never)));
      embedded.forEach(({ vector }, at) => {
        expect(distance(vector, floatsOf(whole[at]?.vector ?? ''))).toBeLessThan(1e-4);
      });
    });
  });
});

async function expectVectorsOfTheCpu(name: string): Promise<void> {
  const model = await findModel([builtinModels], name);
  const windows = [window(0.3), window(0.05), Float32Array.from(window(0.8)).fill(0, 80_000)];
  const embedAll = (pool: InferencePool) => Promise.all(windows.map((samples) => pool.embed(samples, never)));
  const onCpu = await withPool({ model, device: 'cpu' }, embedAll);
  const onGpu = await withPool({ model }, embedAll);
  onGpu.forEach(({ vector }, at) => void expect(distance(vector, onCpu[at]?.vector)).toBeLessThan(1e-4));
}

function distance(a: Float32Array, b: Float32Array = new Float32Array(a.length)): number {
  return 1 - a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
