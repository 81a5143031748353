/** One item of a network's input and of its output, wherever the network runs. Apart from loaded-model.ts, which brings
 *  ONNX Runtime along: the server's own process has no need of that. */
import { LeitmotifError } from '../../src/errors.ts';
import { families } from '../families/families.ts';
import type { Model, ModelManifest } from '../models.ts';

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

/** @throws {LeitmotifError} inference-failed: not of the model's dimensions, or not finite and of length 1 */
export function checkedVector({ name, dimensions }: ModelManifest, vector: Float32Array): Float32Array {
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('inference-failed', `Cannot use what ${name} computed: ${why}`);
  if (vector.length !== dimensions) throw cannot(`expected ${dimensions} values, got ${vector.length}`);
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= normTolerance)) throw cannot(`expected a vector of length 1, got ${norm}`);
  return vector;
}
