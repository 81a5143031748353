/** The small models with random weights whose vectors from Python are stored, in the form that the worker loads. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Model, ModelManifest } from '../../src/models/manifest.ts';
import { type ReferenceVectors, readReference, referenceFolder } from './reference-fixtures.ts';

export type ReferenceModelName = 'clap-random' | 'wav2vec2-random' | 'hubert-random';

const networks: Record<ReferenceModelName, { family: ModelManifest['family']; input: string; output: string }> = {
  'clap-random': { family: 'clap', input: 'input_features', output: 'audio_embeds' },
  'wav2vec2-random': { family: 'wav2vec2', input: 'input_values', output: 'last_hidden_state' },
  'hubert-random': { family: 'wav2vec2', input: 'input_values', output: 'last_hidden_state' },
};

export function referenceModel(name: ReferenceModelName): Model {
  const { sampleRateHz, dimensions } = readReference<ReferenceVectors>(`${name}.json`);
  const { family, input, output } = networks[name];
  const file = `${name}.onnx`;
  const network = readFileSync(path.join(referenceFolder, file));
  const manifest: ModelManifest = {
    name,
    version: '1',
    family,
    sampleRateHz,
    dimensions,
    precision: 'fp32',
    frontEnd: 'reference-1',
    licence: 'MIT',
    windowSec: { min: 1, max: 10, default: 10 },
    network: {
      file,
      sha256: createHash('sha256').update(network).digest('hex'),
      bytes: network.byteLength,
      input,
      output,
    },
  };
  return { manifest, folder: referenceFolder };
}

/** Puts it into a folder of models. */
export function installReferenceModel(modelsDir: string, name: ReferenceModelName): void {
  const { manifest, folder } = referenceModel(name);
  const to = path.join(modelsDir, name);
  mkdirSync(to, { recursive: true });
  cpSync(path.join(folder, manifest.network.file), path.join(to, manifest.network.file));
  writeFileSync(path.join(to, 'model.json'), JSON.stringify(manifest));
}
