import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoadedModel, loadModel } from '../../embedding-worker/engines/loaded-model.ts';
import { verifySum } from '../../embedding-worker/engines/onnx.ts';
import { findModel } from '../../src/models/find-model.ts';
import { spaceIdOfModel } from '../../src/models/manifest.ts';
import { levelsOf, writeTinyModels } from './tiny-models.ts';

let modelsDir: string;

beforeAll(() => {
  modelsDir = writeTinyModels(mkdtempSync(path.join(tmpdir(), 'models-test-')), [
    { name: 'levels', kind: 'levels' },
    { name: 'loud-nan', kind: 'loud-nan' },
    { name: 'nan', kind: 'nan' },
    { name: 'unnormalised', kind: 'unnormalised' },
    { name: 'wrong-dimensions', kind: 'levels', manifest: { dimensions: 5 } },
    { name: 'wrong-input', kind: 'levels', manifest: { network: { input: 'audio' } } },
    { name: 'wrong-output', kind: 'levels', manifest: { network: { output: 'logits' } } },
    { name: 'wrong-sum', kind: 'levels', manifest: { network: { sha256: '0'.repeat(64) } } },
    { name: 'wrong-file', kind: 'levels', manifest: { network: { file: 'missing.onnx' } } },
    { name: 'escaping-file', kind: 'levels', manifest: { network: { file: '../levels/tiny.onnx' } } },
    { name: 'wrong-name', kind: 'levels', manifest: { name: 'levels' } },
  ]);
  writeFileSync(path.join(modelsDir, 'wrong-file', 'model.onnx'), 'not a graph');
});
afterAll(() => rmSync(modelsDir, { recursive: true }));

const load = async (name: string) => loadModel(await findModel([modelsDir], name), 10, 'cpu');

const embed = async (model: LoadedModel, samples: Float32Array) => (await model.run([samples]))[0] ?? [];

test('hashes a file to its last byte, at any size', async () => {
  const file = path.join(modelsDir, 'large');
  const bytes = Buffer.alloc(2.5 * 2 ** 20, 'weights');
  writeFileSync(file, bytes);
  const sum = createHash('sha256').update(bytes).digest('hex');
  await verifySum(file, sum);
  writeFileSync(file, bytes.fill(0, bytes.length - 1));
  await expect(verifySum(file, sum)).rejects.toThrow('expected sha256');
});

describe('a model in ONNX Runtime', () => {
  test('computes its vector', async () => {
    const samples = Float32Array.from({ length: 160_000 }, (_, i) => 0.5 * Math.sin(i / 20));
    const vector = await embed(await load('levels'), samples);
    const expected = levelsOf(samples);
    expect(vector).toHaveLength(4);
    vector.forEach((value, i) => void expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5));
  });

  test('fails when it returns NaN', async () => {
    const model = await load('loud-nan');
    await expect(embed(model, new Float32Array(160_000).fill(0.5))).resolves.toHaveLength(4);
    await expect(embed(model, new Float32Array(160_000).fill(0.95))).rejects.toMatchObject({
      code: 'inference-failed',
    });
  });

  test.each([
    ['nan', 'length 1, got NaN'],
    ['unnormalised', 'length 1, got'],
    ['wrong-dimensions', 'expected 5 dimensions, got 4'],
    ['wrong-input', 'expected one input "audio", got "pcm"'],
    ['wrong-output', 'expected an output "logits", got "embedding"'],
    ['wrong-sum', 'expected sha256 0000'],
    ['wrong-file', 'missing.onnx'],
    ['escaping-file', 'file'],
    ['wrong-name', 'got "levels"'],
  ])('that is %s is refused with the reason', async (name, why) => {
    await expect(load(name)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(why),
    });
  });
});

describe("the models in the worker's folder", () => {
  test('are named when an unknown one is requested', async () => {
    await expect(findModel([modelsDir], 'clap')).rejects.toMatchObject({
      code: 'model-unknown',
      message: expect.stringContaining('levels, loud-nan, nan'),
    });
  });

  test('accept only windows within their range', async () => {
    const model = await findModel([modelsDir], 'levels');
    expect(spaceIdOfModel(model, 5)).not.toBe(spaceIdOfModel(model, 10));
    expect(() => spaceIdOfModel(model, 4.9)).toThrow('expected 5 to 10 s');
    expect(() => spaceIdOfModel(model, 10.1)).toThrow('expected 5 to 10 s');
  });
});
