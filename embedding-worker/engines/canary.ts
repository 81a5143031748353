/** The canary: one window of noise that every model is tried with before anybody's recording is. Where its vector is
 *  known, a device has to give that vector. */
import { decodeFloat32 } from '../../src/embedding/packed-arrays.ts';
import type { ModelManifest } from '../../src/models/manifest.ts';

/** Kernels differ in the order of their sums: some 1e-6. */
const toleranceDistance = 1e-4;
/** float16 was measured at 1.5e-6 for CLAP (model-facts); up to this it may share an index with float32. */
export const halfToleranceDistance = 1e-3;

/** Uniform in [-0.1, 0.1], from a fixed seed (a linear congruential generator, Numerical Recipes' constants), so that it
 *  is the same everywhere. @returns shape [sampleCount] */
export function canaryWindow(sampleCount: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: sampleCount }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.2;
  });
}

/** @returns the vector that a window of this length must give; null where nobody has computed it */
export function storedCanary({ canary, windowSec }: ModelManifest, lengthSec: number): Float32Array | null {
  return canary === undefined || lengthSec !== windowSec.default ? null : decodeFloat32(canary);
}

/** @param got, expected unit vectors
 *  @throws {Error} when they differ by more than the device's arithmetic can explain */
export function checkCanary(got: Float32Array, expected: Float32Array, toleranceMax = toleranceDistance): void {
  if (got.length !== expected.length) {
    throw new Error(`expected the canary's vector to have ${expected.length} values, got ${got.length}`);
  }
  const similarity = got.reduce((sum, value, at) => sum + value * (expected[at] ?? 0), 0);
  if (1 - similarity <= toleranceMax) return;
  throw new Error(
    `computes something else: the canary's vector is ${(1 - similarity).toPrecision(2)} from the one that is known ` +
      `(at most ${toleranceMax} is allowed)`,
  );
}
