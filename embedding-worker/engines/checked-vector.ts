/** Checks the output of a network before it is used. */
import { LeitmotifError } from '../../src/errors.ts';
import { type ModelManifest, networkWidth } from '../../src/models/manifest.ts';

/** float32 sums over a few thousand values stay within 1e-6; 1e-3 still lets half-precision weights pass. */
const normTolerance = 1e-3;

/** @param output the vector, shape [dimensions], and what only the music head reads
 *  @returns the same
 *  @throws {LeitmotifError} inference-failed: not of the model's size, not finite, or the vector not of length 1 */
export function checkedVector(manifest: ModelManifest, output: Float32Array): Float32Array {
  const { name, dimensions } = manifest;
  const width = networkWidth(manifest);
  const cannot = (why: string): LeitmotifError =>
    new LeitmotifError('inference-failed', `Cannot use what ${name} computed: ${why}`);
  if (output.length !== width) throw cannot(`expected ${width} values, got ${output.length}`);
  const norm = Math.sqrt(output.subarray(0, dimensions).reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= normTolerance)) throw cannot(`expected a vector of length 1, got ${norm}`);
  if (!output.subarray(dimensions).every(Number.isFinite)) throw cannot('expected finite values after the vector');
  return output;
}
