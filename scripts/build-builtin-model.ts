/** Builds the built-in model: constants.json in, builtin.onnx and model.json out. Same input, same bytes.
 *
 *      node scripts/build-builtin-model.ts
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseConstants } from './builtin-model/constants.ts';
import { dimensionsOf, inputName, outputName, sampleRateHz, writeEmbeddingGraph } from './builtin-model/graph.ts';

export const builtinFolder = path.join(import.meta.dirname, '../embedding-worker/models/builtin');
const modelFile = 'builtin.onnx';

/** @param constantsJson the text of constants.json */
export function buildBuiltinModel(constantsJson: string): { model: Uint8Array; manifestJson: string } {
  const constants = parseConstants(constantsJson);
  const model = writeEmbeddingGraph(constants);
  const manifest = {
    name: 'builtin',
    version: '1.0.0',
    licence: 'MIT',
    family: 'pcm',
    sampleRateHz,
    dimensions: dimensionsOf(constants),
    precision: 'fp32',
    frontEnd: 'pcm16k-1',
    windowSec: { min: 5, max: 10, default: 10 },
    network: {
      file: modelFile,
      sha256: createHash('sha256').update(model).digest('hex'),
      bytes: model.byteLength,
      input: inputName,
      output: outputName,
    },
  };
  return { model, manifestJson: `${JSON.stringify(manifest, null, 2)}\n` };
}

async function main(): Promise<void> {
  const { model, manifestJson } = buildBuiltinModel(await readFile(path.join(builtinFolder, 'constants.json'), 'utf8'));
  await writeFile(path.join(builtinFolder, modelFile), model);
  await writeFile(path.join(builtinFolder, 'model.json'), manifestJson);
  process.stdout.write(`${modelFile}: ${model.byteLength} bytes\n${manifestJson}`);
}

if (import.meta.main) await main();
