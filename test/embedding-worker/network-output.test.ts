/** The check of a network's output, which for some models goes on after the vector. */
import { describe, expect, test } from 'vitest';
import { checkCanary } from '../../embedding-worker/engines/canary.ts';
import { checkedVector } from '../../embedding-worker/engines/checked-vector.ts';
import { type ModelManifest, networkWidth } from '../../src/models/manifest.ts';
import { networkSpecOf } from '../../src/models/network-spec.ts';

const manifest: ModelManifest = {
  ...{ name: 'extra', version: '1', family: 'pcm', sampleRateHz: 16_000, dimensions: 2, precision: 'fp32' },
  ...{ frontEnd: 'x', licence: 'MIT', windowSec: { min: 5, max: 10, default: 10 } },
  network: { file: 'a.onnx', sha256: '0'.repeat(64), bytes: 1, input: 'pcm', output: 'embedding' },
  musicHead: { file: 'head.json', sha256: '0'.repeat(64), bytes: 1, extraInputs: 3 },
};
const { musicHead: _, ...withoutHead } = manifest;

describe('the output of a network with values after the vector', () => {
  test('is as wide as both together, also on a server', () => {
    expect(networkWidth(manifest)).toBe(5);
    expect(networkWidth(withoutHead)).toBe(2);
    expect(networkSpecOf({ manifest }, 10).output).toMatchObject({ dimensions: 5 });
  });

  test('is accepted if the vector has length 1; the values after it are not part of that length', () => {
    const output = Float32Array.of(0.6, 0.8, 5, -7, 0);
    expect(checkedVector(manifest, output)).toBe(output);
  });

  test.each([
    ['without the rest', [0.6, 0.8], /expected 5 values, got 2/],
    ['with a longer vector', [0.6, 0.9, 0, 0, 0], /expected a vector of length 1, got 1\.08/],
    ['with NaN after the vector', [0.6, 0.8, 0, Number.NaN, 0], /expected finite values after the vector/],
  ])('is refused %s', (_, output, message) => {
    expect(() => checkedVector(manifest, Float32Array.from(output))).toThrow(message);
  });

  test('is compared as a whole with the canary', () => {
    const known = Float32Array.of(0.6, 0.8, 0.3, 0.2, 0.1);
    expect(() => checkCanary(Float32Array.from(known), known)).not.toThrow();
    expect(() => checkCanary(Float32Array.of(0.6, 0.8, 0.3, 0.2, 0.3), known)).toThrow(/computes something else/);
    expect(() => checkCanary(Float32Array.of(0.8, 0.6, 0.3, 0.2, 0.1), known)).toThrow(/computes something else/);
    expect(() =>
      checkCanary(
        known.map(() => Number.NaN),
        known,
      ),
    ).toThrow(/computes something else/);
    expect(() => checkCanary(Float32Array.of(0.6, 0.8), known)).toThrow(/5 values, got 2/);
  });
});
