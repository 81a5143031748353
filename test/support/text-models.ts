/** The small CLAP with random weights as a downloaded model, with or without the text encoder. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Model, type ModelManifest, modelManifestName } from '../../src/models/manifest.ts';
import { type ClapVectors, readReference, referenceFolder } from './reference-fixtures.ts';
import { referenceModel } from './reference-models.ts';

type TextSide = NonNullable<ModelManifest['text']>;

const name = 'clap-random';
const networkFile = 'clap-random-text.onnx';
const tokenizerFile = 'clap-random-tokenizer.json';

/** Python's results for texts, including empty and truncated ones. */
export const referenceTexts = readReference<ClapVectors>('clap-random.json').texts;
/** Python truncates after this many tokens without an error. */
export const pythonTokensMax = 77;
/** The texts that Python does not truncate. */
export const wholeTexts = referenceTexts.filter(({ ids }) => ids.length > 2 && ids.length < pythonTokensMax);

export function referenceTextSide(): TextSide {
  return {
    network: { ...fileOf(networkFile), input: 'input_ids', output: 'text_embeds' },
    tokenizer: fileOf(tokenizerFile),
  };
}

/** Writes the model into `dir`. @param text null: without a text side */
export function writeTextModel(dir: string, text: TextSide | null = referenceTextSide()): Model {
  const folder = path.join(dir, name);
  mkdirSync(folder, { recursive: true });
  const { manifest } = referenceModel(name);
  const files = [manifest.network.file, ...(text ? [networkFile, tokenizerFile] : [])];
  for (const file of files) copyFileSync(path.join(referenceFolder, file), path.join(folder, file));
  const written = text ? { ...manifest, text } : manifest;
  writeFileSync(path.join(folder, modelManifestName), JSON.stringify(written));
  return { manifest: written, folder };
}

export function cosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x = Number.NaN, y = Number.NaN] = [a[i], b[i]];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return 1 - product / Math.sqrt(ofA * ofB);
}

function fileOf(file: string): TextSide['tokenizer'] {
  const bytes = readFileSync(path.join(referenceFolder, file));
  return { file, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
}
