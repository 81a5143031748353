/** The proof of models and devices, with the real ONNX Runtime. The proof is the same function for every
 *  execution provider; here it runs on the CPU, so that every machine can run the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canaryWindow } from '../../embedding-worker/engines/canary.ts';
import { DeviceError, loadModel, loadProven } from '../../embedding-worker/engines/loaded-model.ts';
import type { Reference } from '../../embedding-worker/engines/proof.ts';
import { canaryOf } from '../../scripts/write-canary.ts';
import { encodeArray } from '../../src/embedding/packed-arrays.ts';
import { findModel } from '../../src/models/find-model.ts';
import { levelsOf, writeTinyModels } from './tiny-models.ts';

const canary = canaryWindow(160_000);
const known = Float32Array.from(levelsOf(canary));
const asThis: Reference = { vector: known, cpuMs: null };
let modelsDir: string;

beforeAll(() => {
  modelsDir = writeTinyModels(mkdtempSync(path.join(tmpdir(), 'proof-test-')), [
    { name: 'right', kind: 'levels', manifest: { canary: encodeArray(known) } },
    { name: 'wrong', kind: 'levels', manifest: { canary: encodeArray(Float32Array.of(0, 0, 0, 1)) } },
    { name: 'short', kind: 'levels', manifest: { canary: encodeArray(Float32Array.of(1)) } },
    { name: 'half-near', kind: 'levels', half: 'near' },
    { name: 'half-far', kind: 'levels', half: 'far' },
    { name: 'half-nan', kind: 'levels', half: 'nan' },
    {
      name: 'half-missing',
      kind: 'levels',
      manifest: { network: { half: { file: 'none.onnx', sha256: '0'.repeat(64), bytes: 1 } } },
    },
    { name: 'far', kind: 'far' },
  ]);
});
afterAll(() => rmSync(modelsDir, { recursive: true }));

const model = (name: string) => findModel([modelsDir], name);
const prove = async (name: string, reference = asThis) => loadProven(await model(name), canary, 'cpu', reference);

async function distance(run: (windows: readonly Float32Array[]) => Promise<Float32Array[]>): Promise<number> {
  const [vector] = await run([canary]);
  return 1 - (vector ?? known).reduce((sum, value, at) => sum + value * (known[at] ?? 0), 0);
}

describe('a stored canary', () => {
  test('is compared with the vector computed on the CPU', async () => {
    expect(await distance((await loadModel(await model('right'), 10, 'cpu')).run)).toBeCloseTo(0, 6);
  });

  test.each([
    ['wrong', /the canary's vector is 0\.005\d* from the one that is known/],
    ['short', /expected the canary's vector to have 1 values, got 4/],
  ])('that is %s keeps the model from being loaded, with the reason', async (name, why) => {
    await expect(loadModel(await model(name), 10, 'cpu')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(why),
    });
  });

  test('is not checked for windows of another length', async () => {
    await expect(loadModel(await model('wrong'), 5, 'cpu')).resolves.toBeDefined();
  });

  test('is written by the script, whatever the manifest had before', async () => {
    expect(await canaryOf(await model('wrong'))).toBe(await canaryOf(await model('right')));
  });
});

describe('half-precision weights', () => {
  test('are used where the vectors stay close enough', async () => {
    const { run, passedOver } = await prove('half-near');
    expect(passedOver).toEqual([]);
    expect(await distance(run)).toBeGreaterThan(2e-4);
  });

  test.each([
    ['half-far', /^half-precision weights: .*0\.002\d* from/],
    ['half-nan', /^half-precision weights: .*length 1, got NaN/],
    ['half-missing', /^half-precision weights: .*none\.onnx/],
  ])('are skipped, with the reason, when they are %s', async (name, why) => {
    const { run, passedOver } = await prove(name);
    expect(passedOver).toEqual([expect.stringMatching(why)]);
    expect(await distance(run)).toBeCloseTo(0, 6);
  });

  test('are not used on a CPU', async () => {
    const { run, passedOver } = await loadModel(await model('half-near'), 10, 'cpu');
    expect(passedOver).toEqual([]);
    expect(await distance(run)).toBeCloseTo(0, 6);
  });
});

describe('a device', () => {
  test('that computes other vectors is refused', async () => {
    await expect(prove('far')).rejects.toThrow(DeviceError);
    await expect(prove('far')).rejects.toThrow(/computes something else: the canary's vector is 0\.002/);
  });

  test('chosen automatically has to be faster than the CPU', async () => {
    await expect(prove('right', { vector: known, cpuMs: 0 })).rejects.toThrow(/is no faster: at best .* the CPU 0/);
    await expect(prove('right', { vector: known, cpuMs: 1e9 })).resolves.toBeDefined();
  });

  test('can be checked again later', async () => {
    await expect((await prove('right')).prove()).resolves.toBeUndefined();
  });

  test('that is missing is distinguished from a broken model', async () => {
    await expect(loadModel(await model('right'), 10, 'cuda')).rejects.toThrow(DeviceError);
    await expect(loadModel(await model('wrong'), 10, 'cuda', { processes: 1, gate: () => {} })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('Cannot load the model wrong'),
    });
  });
});
