/** One item of a network's input and of its output, wherever the network runs. Apart from loaded-model.ts, which brings
 *  ONNX Runtime along: the server's own process has no need of that. */
import { LeitmotifError } from '../../src/errors.ts';
import type { Model, ModelManifest } from '../../src/models/manifest.ts';
import { families } from '../families/families.ts';
import type { NetworkSpec } from './remote/network.ts';

/** float32 sums over a few thousand values stay within 1e-6; 1e-3 still lets half-precision weights pass. */
const normTolerance = 1e-3;

export function samplesOf({ sampleRateHz }: ModelManifest, windowSec: number): number {
  return Math.round(windowSec * sampleRateHz);
}

/** What of a network's input belongs to one window: `run` of `loadFrontEnd` gives it, flat. */
export function networkItemShape({ manifest }: Pick<Model, 'manifest'>, windowSec: number): readonly number[] {
  const family = families[manifest.family];
  return family.frontEnd?.itemShape ?? [family.prepare(new Float32Array(samplesOf(manifest, windowSec))).length];
}

/** What a model's network must be, whoever runs it. */
export function networkSpecOf({ manifest }: Pick<Model, 'manifest'>, windowSec: number): NetworkSpec {
  const { name, network, dimensions, family } = manifest;
  return {
    name,
    input: { name: network.input, itemShape: networkItemShape({ manifest }, windowSec) },
    output: { name: network.output, dimensions, overTime: families[family].outputRank === 3 },
  };
}

/** @throws {LeitmotifError} inference-failed: not of the model's dimensions, or not finite and of length 1 */
export function checkedVector({ name, dimensions }: ModelManifest, vector: Float32Array): Float32Array {
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('inference-failed', `Cannot use what ${name} computed: ${why}`);
  if (vector.length !== dimensions) throw cannot(`expected ${dimensions} values, got ${vector.length}`);
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= normTolerance)) throw cannot(`expected a vector of length 1, got ${norm}`);
  return vector;
}
