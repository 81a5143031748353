import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { mlflowVersions, mlmodel, writeMlflowModel } from '../../src/models/mlflow-model.ts';
import { referenceModel } from '../support/reference-models.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mlflow-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('an MLflow model', () => {
  test('contains the weights, and names the loader, the tensors and the requirements', async () => {
    const model = referenceModel('clap-random');
    const { folder: written } = await writeMlflowModel(folder, model, 10);
    const read = (file: string) => readFileSync(path.join(written, file));
    expect(read('data/model.onnx').equals(readFileSync(path.join(model.folder, model.manifest.network.file)))).toBe(
      true,
    );
    expect(read('MLmodel').toString()).toBe(mlmodel(model, 10));
    expect(read('code/leitmotif_network.py').toString()).toContain('def _load_pyfunc(path, model_config)');
    expect(read('requirements.txt').toString()).toContain(`onnxruntime==${mlflowVersions.onnxruntime}\n`);
    expect(read('conda.yaml').toString()).toContain(`      - mlflow==${mlflowVersions.mlflow}\n`);
  });

  test('has the shapes of each family', () => {
    const clap = mlmodel(referenceModel('clap-random'), 10);
    expect(clap).toContain('      input: "input_features"\n      output: "audio_embeds"\n');
    expect(clap).toContain(
      '"name":"input_features","type":"tensor","tensor-spec":{"dtype":"float32","shape":[-1,1,1001,64]}',
    );
    const wav2vec2 = mlmodel(referenceModel('wav2vec2-random'), 5);
    expect(wav2vec2).toContain('"shape":[-1,80000]');
    expect(wav2vec2).toContain('"shape":[-1,-1,40]');
  });

  test('is not written over an existing one', async () => {
    const dir = path.join(folder, 'twice');
    await writeMlflowModel(dir, referenceModel('clap-random'), 10);
    await expect(writeMlflowModel(dir, referenceModel('clap-random'), 10)).rejects.toMatchObject({
      code: 'not-allowed',
    });
  });
});
