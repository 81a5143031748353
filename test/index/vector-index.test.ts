import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertNeighbourCount,
  assertUnitVector,
  byBestNeighbour,
  mergeNeighbours,
} from '../../src/index/vector-index.ts';
import { anyUnitVector } from './vectors.ts';

const anyNeighbours = fc.array(
  fc
    .record({ row: fc.nat(1000), similarity: fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 8) })
    .map(({ row, similarity }) => ({ row, similarity, ofParts: [similarity] })),
);

describe('checks of query vectors', () => {
  test('accept unit vectors', () => {
    fc.assert(fc.property(anyUnitVector(7), (vector) => assertUnitVector(vector, 7)));
  });

  test.each([
    ['of another length', Float32Array.of(1, 0)],
    ['with a NaN', Float32Array.of(1, Number.NaN, 0)],
    ['with an infinity', Float32Array.of(Number.POSITIVE_INFINITY, 0, 0)],
    ['of zeros', Float32Array.of(0, 0, 0)],
    ['that is not normalised', Float32Array.of(3, 4, 0)],
  ])('refuse a vector %s', (_, vector) => {
    expect(() => assertUnitVector(vector, 3)).toThrow(RangeError);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse %d neighbours', (k) => {
    expect(() => assertNeighbourCount(k)).toThrow(RangeError);
  });
});

describe('merging the answers of the shards', () => {
  test('returns the best k of all shards, ties by row', () => {
    fc.assert(
      fc.property(fc.array(anyNeighbours, { maxLength: 4 }), fc.integer({ min: 1, max: 20 }), (parts, k) => {
        const best = parts.map((part) => [...part].sort(byBestNeighbour).slice(0, k));
        const all = parts.flat().sort(byBestNeighbour);
        expect(mergeNeighbours(best, k)).toEqual(all.slice(0, k));
      }),
    );
  });
});
