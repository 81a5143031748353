/** A model with CLAP's number of dimensions that costs almost nothing, so that a benchmark measures only the effect of size. Its
 *  vectors are levels of the sound, which differ for each recording. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { floatValue, GraphWriter } from '../../scripts/onnx-graph/graph-writer.ts';

export const scaleModelName = 'scale';
export const scaleDimensions = 512;
const sampleRateHz = 16_000;
const leastWindowSec = 5;

/** @param modelsDir created if missing; the value for MODELS_DIR */
export async function writeScaleModel(modelsDir: string): Promise<void> {
  const folder = path.join(modelsDir, scaleModelName);
  await mkdir(folder, { recursive: true });
  const bytes = graph();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = `${scaleModelName}.onnx`;
  await writeFile(path.join(folder, file), bytes);
  const manifest = {
    ...{ name: scaleModelName, version: '1.0.0', licence: 'MIT', family: 'pcm' },
    ...{ sampleRateHz, dimensions: scaleDimensions, precision: 'fp32', frontEnd: 'pcm16k-1' },
    windowSec: { min: leastWindowSec, max: 10, default: 10 },
    network: { file, sha256, bytes: bytes.length, input: 'pcm', output: 'embedding' },
  };
  await writeFile(path.join(folder, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function graph(): Uint8Array {
  const writer = new GraphWriter();
  const perLevel = Math.floor((leastWindowSec * sampleRateHz) / scaleDimensions);
  const start = writer.slice('start', 'pcm', 1, 0, perLevel * scaleDimensions);
  const parts = writer.reshape('parts', writer.node('Abs', 'levels', [start]), [-1, scaleDimensions, perLevel]);
  const means = writer.mean('means', parts, [2], false);
  const centred = writer.node('Sub', 'centred', [means, writer.mean('mean', means, [1])]);
  const length = writer.node('ReduceL2', 'length', [centred], { axes: [1], keepdims: 1 });
  writer.node('Div', 'embedding', [centred, writer.node('Add', 'positive', [length, writer.scalar(1e-9)])]);
  return writer.encode('scale', floatValue('pcm', ['batch', 'samples']), [
    floatValue('embedding', ['batch', scaleDimensions]),
  ]);
}
