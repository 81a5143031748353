/** Checks the output of a network before it is used. */
import { LeitmotifError } from '../../src/errors.ts';
import type { ModelManifest } from '../../src/models/manifest.ts';

/** float32 sums over a few thousand values stay within 1e-6; 1e-3 still lets half-precision weights pass. */
const normTolerance = 1e-3;

/** @throws {LeitmotifError} inference-failed: not of the model's dimensions, or not finite and of length 1 */
export function checkedVector({ name, dimensions }: ModelManifest, vector: Float32Array): Float32Array {
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('inference-failed', `Cannot use what ${name} computed: ${why}`);
  if (vector.length !== dimensions) throw cannot(`expected ${dimensions} values, got ${vector.length}`);
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= normTolerance)) throw cannot(`expected a vector of length 1, got ${norm}`);
  return vector;
}
