import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findModel } from '../../src/models/find-model.ts';
import type { Model } from '../../src/models/manifest.ts';
import { tritonConfig, writeTritonRepository } from '../../src/models/triton-repository.ts';
import { builtinModels } from '../embedding-worker/running-worker.ts';
import { writeTinyModels } from '../embedding-worker/tiny-models.ts';
import { referenceModel } from '../support/reference-models.ts';

let folder: string;
let tiny: Model;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'triton-'));
  const models = writeTinyModels(path.join(folder, 'models'), [{ name: 'levels', kind: 'levels' }]);
  tiny = await findModel([models], 'levels');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a repository for Triton', () => {
  test('contains the weights and describes their inputs and outputs', async () => {
    const dir = path.join(folder, 'repository');
    const { folder: written, isLinked } = await writeTritonRepository(dir, tiny, 10);
    expect(written).toBe(path.join(dir, 'levels'));
    expect(readdirSync(dir)).toEqual(['levels']);
    const weights = path.join(tiny.folder, tiny.manifest.network.file);
    const served = path.join(written, '1', 'model.onnx');
    expect(readFileSync(served).equals(readFileSync(weights))).toBe(true);
    expect(isLinked).toBe(statSync(served).ino === statSync(weights).ino);
    expect(readFileSync(path.join(written, 'config.pbtxt'), 'utf8')).toBe(tritonConfig(tiny, 10));
  });

  test('has batches, and the shapes of each family', async () => {
    const clap = tritonConfig(referenceModel('clap-random'), 10);
    expect(clap).toContain('platform: "onnxruntime_onnx"');
    expect(clap).toContain('max_batch_size: 32');
    expect(clap).toContain('{ name: "input_features" data_type: TYPE_FP32 dims: [ 1, 1001, 64 ] }');
    expect(clap).toContain('{ name: "audio_embeds" data_type: TYPE_FP32 dims: [ 48 ] }');
    expect(clap).toContain('dynamic_batching { max_queue_delay_microseconds: 5000 }');
    const builtin = tritonConfig(await findModel([builtinModels], 'builtin'), 10);
    expect(builtin).toMatch(/name: "pcm" data_type: TYPE_FP32 dims: \[ 160000 \][\s\S]*dims: \[ 384 \]/);
    expect(tritonConfig(await findModel([builtinModels], 'builtin'), 5)).toContain('dims: [ 80000 ]');
    expect(tritonConfig(referenceModel('wav2vec2-random'), 10)).toContain('dims: [ -1, 40 ]');
  });

  test('is not written over an existing one, which the operator may have tuned', async () => {
    const dir = path.join(folder, 'tuned');
    await writeTritonRepository(dir, tiny, 10);
    const config = path.join(dir, 'levels', 'config.pbtxt');
    writeFileSync(config, 'tuned');
    await expect(writeTritonRepository(dir, tiny, 10)).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('is there already'),
    });
    expect(readFileSync(config, 'utf8')).toBe('tuned');
  });

  test('is not written from damaged or missing weights', async () => {
    const dir = path.join(folder, 'damaged');
    const network = { ...tiny.manifest.network, sha256: '0'.repeat(64) };
    const damaged = { ...tiny, manifest: { ...tiny.manifest, network } };
    await expect(writeTritonRepository(dir, damaged, 10)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/expected .* to have sha256 0{64}, got/),
    });
    await expect(writeTritonRepository(dir, { ...tiny, folder }, 10)).rejects.toThrow('ENOENT');
  });
});
