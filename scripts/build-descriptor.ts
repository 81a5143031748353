/** Builds the descriptor, the hand-made model, from constants.json: descriptor.onnx and model.json. Deterministic.
 *
 *      node scripts/build-descriptor.ts
 *      node scripts/build-descriptor.ts --statistics FILE    the same graph cut before its projections, for training/
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readModel } from '../src/models/manifest.ts';
import { parseConstants } from './descriptor/constants.ts';
import {
  dimensionsOf,
  inputName,
  outputName,
  sampleRateHz,
  writeEmbeddingGraph,
  writeStatisticsGraph,
} from './descriptor/graph.ts';
import { canaryOf } from './write-canary.ts';

export const descriptorFolder = path.join(import.meta.dirname, '../embedding-worker/models/descriptor');
const modelFile = 'descriptor.onnx';

/** @param constantsJson the text of constants.json
 *  @param canary for the manifest; it is computed, so its last bits may differ between machines */
export function buildDescriptor(constantsJson: string, canary?: string): { model: Uint8Array; manifestJson: string } {
  const constants = parseConstants(constantsJson);
  const model = writeEmbeddingGraph(constants);
  const manifest = {
    name: 'descriptor',
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
    ...(canary === undefined ? {} : { canary }),
  };
  return { model, manifestJson: `${JSON.stringify(manifest, null, 2)}\n` };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { statistics: { type: 'string' } } });
  if (values.statistics !== undefined) return await writeFile(values.statistics, writeStatisticsGraph());
  const constantsJson = await readFile(path.join(descriptorFolder, 'constants.json'), 'utf8');
  const { model, manifestJson } = buildDescriptor(constantsJson);
  await writeFile(path.join(descriptorFolder, modelFile), model);
  const manifestPath = path.join(descriptorFolder, 'model.json');
  await writeFile(manifestPath, manifestJson);
  const canary = await canaryOf(await readModel(manifestPath));
  await writeFile(manifestPath, buildDescriptor(constantsJson, canary).manifestJson);
  process.stdout.write(`${modelFile}: ${model.byteLength} bytes\n${manifestJson}`);
}

if (import.meta.main) await main();
