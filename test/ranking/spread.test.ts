import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FoundNeighbour, Neighbourhood } from '../../src/ranking/rank-by-parts.ts';
import { rankByNearest } from '../../src/ranking/rank-by-parts.ts';
import { wholeOf } from '../../src/ranking/space-parts.ts';
import { closenessIn, shareBelow, spreadCurve, withMatches } from '../../src/ranking/spread.ts';
import { querySpans } from './hits.ts';

/** 0, 0.01, ... 1. */
const even = Array.from({ length: 101 }, (_, at) => at / 100);
const spread = { whole: even, ofParts: [even] };

function found(perChunk: readonly (readonly (readonly [trackId: number, similarity: number])[])[]): Neighbourhood {
  let row = 0;
  const neighbour = ([trackId, similarity]: readonly [number, number]): FoundNeighbour => ({
    ...{ row: row++, similarity, ofParts: [similarity] },
    chunk: { trackId, startSec: 10 * row, endSec: 10 * row + 10, overlapSec: 0 },
  });
  return {
    searched: querySpans(perChunk.length),
    perChunk: perChunk.map((own) => own.map(neighbour)),
    ...{ parts: [wholeOf(8)], library: { chunks: 100, chunksOf: () => 10 }, neighbours: 5 },
  };
}

describe('the curve of a spread', () => {
  test('has the quantiles of the measurements', () => {
    const curve = spreadCurve([0.9, 0.1, 0.5]);
    expect(curve).toHaveLength(101);
    expect([curve?.[0], curve?.[50], curve?.[100]]).toEqual([0.1, 0.5, 0.9]);
    expect(curve?.[25]).toBeCloseTo(0.3, 6);
    expect(spreadCurve([])).toBeNull();
  });

  test('gives shares between 0 and 1 that grow with the similarity', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (measured, one, other) => {
          const curve = spreadCurve(measured) ?? [];
          const [low, high] = [Math.min(one, other), Math.max(one, other)];
          expect(shareBelow(curve, low)).toBeGreaterThanOrEqual(0);
          expect(shareBelow(curve, high)).toBeLessThanOrEqual(1);
          expect(shareBelow(curve, low)).toBeLessThanOrEqual(shareBelow(curve, high));
        },
      ),
    );
  });

  test('is exact at its own quantiles', () => {
    expect(shareBelow(even, 0.37)).toBeCloseTo(0.37, 9);
    expect(shareBelow(even, -0.2)).toBe(0);
    expect(shareBelow(even, 1.2)).toBe(1);
    expect(
      shareBelow(
        Array.from({ length: 101 }, () => 0.5),
        0.5,
      ),
    ).toBe(0);
    expect(
      shareBelow(
        Array.from({ length: 101 }, () => 0.5),
        0.6,
      ),
    ).toBe(1);
  });
});

describe('the match', () => {
  test('is the mean share over the better half of the chunks, missing ones counting 0', () => {
    const given = found([[[1, 0.8]], [[1, 0.6]], [[2, 0.9]], []]);
    const [one, two] = [1, 2].map((id) => rankByNearest(given).find(({ trackId }) => trackId === id));
    const matched = withMatches(
      [one, two].flatMap((track) => track ?? []),
      given,
      spread,
    );
    expect(matched[0]?.match).toBeCloseTo((0.8 + 0.6) / 2, 9);
    expect(matched[1]?.match).toBeCloseTo((0.9 + 0) / 2, 9);
    expect(matched[0]?.hits.map(({ match }) => match)).toEqual([expect.closeTo(0.8, 9), expect.closeTo(0.6, 9)]);
    expect(matched[0]).not.toHaveProperty('matchOfParts');
  });

  test('of an odd number of chunks counts the middle one', () => {
    const given = found([[[1, 0.9]], [[1, 0.5]], [[1, 0.1]]]);
    expect(withMatches(rankByNearest(given), given, spread)[0]?.match).toBeCloseTo(0.7, 9);
  });
});

test('closeness is the mean share of the nearest chunks, of any track', () => {
  expect(
    closenessIn(
      found([
        [
          [1, 0.8],
          [2, 0.1],
        ],
        [[2, 0.4]],
        [],
      ]),
      spread,
    ),
  ).toBeCloseTo(0.4, 9);
  expect(closenessIn(found([]), spread)).toBe(0);
});
