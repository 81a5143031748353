/** The canary: one window of noise that every model embeds before any recording. If its vector is known, a device has to
 *  reproduce it. */
import { decodeFloat32 } from '../../src/embedding/packed-arrays.ts';
import type { ModelManifest } from '../../src/models/manifest.ts';

/** Kernels sum in different orders, which moves vectors by about 1e-6. */
const toleranceDistance = 1e-4;
/** Measured for CLAP in float16: 1.5e-6. Up to this distance, float16 and float32 may share an index. */
export const halfToleranceDistance = 1e-3;

/** Uniform in [-0.1, 0.1], from a fixed seed (a linear congruential generator, Numerical Recipes' constants), so that it
 *  is the same on every machine. @returns shape [sampleCount] */
export function canaryWindow(sampleCount: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: sampleCount }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.2;
  });
}

/** @returns the expected vector for windows of this length; null if it is unknown */
export function storedCanary({ canary, windowSec }: ModelManifest, lengthSec: number): Float32Array | null {
  return canary === undefined || lengthSec !== windowSec.default ? null : decodeFloat32(canary);
}

/** @param got, expected outputs of the network: unit vectors, for some models with further values
 *  @throws {Error} when they differ by more than rounding explains */
export function checkCanary(got: Float32Array, expected: Float32Array, toleranceMax = toleranceDistance): void {
  if (got.length !== expected.length) {
    throw new Error(`expected the canary's vector to have ${expected.length} values, got ${got.length}`);
  }
  const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  const similarity = product(got, expected) / Math.sqrt(product(got, got) * product(expected, expected));
  if (1 - similarity <= toleranceMax) return;
  throw new Error(
    `computes something else: the canary's vector is ${(1 - similarity).toPrecision(2)} from the one that is known ` +
      `(at most ${toleranceMax} is allowed)`,
  );
}
