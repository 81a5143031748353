import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RankedTrack } from '../../src/domain.ts';
import { combineRankings, joinGroups } from '../../src/ranking/combine.ts';
import { byScore, describeTrack } from '../../src/ranking/fusion.ts';
import { hitAt } from './hits.ts';

/** @param chunk the query chunk that found it */
function found(trackId: number, score: number, chunk = 0): RankedTrack {
  return describeTrack(trackId, [hitAt({ trackId, queryChunk: chunk, trackStartSec: trackId * 10 })], score);
}

/** Rankings of some query tracks, each with query chunks of its own. */
const anyRankings = (max: number, min = 0): fc.Arbitrary<RankedTrack[][]> =>
  fc
    .array(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.double({ min: -1, max: 1, noNaN: true })), {
        selector: ([trackId]) => trackId,
        maxLength: 8,
      }),
      { minLength: min, maxLength: max },
    )
    .map((rankings) =>
      rankings.map((own, at) => own.map(([trackId, score]) => found(trackId, score + 0, at)).sort(byScore)),
    );

const scoresOf = (combined: ReturnType<typeof combineRankings>) =>
  new Map(combined.map(({ ranked }) => [ranked.trackId, ranked.score]));

describe('combining rankings', () => {
  test('ranks a track that is near to both plus tracks above one that is as near to one of them', () => {
    const plus = [
      [found(1, 0.6), found(3, 0.5)],
      [found(2, 0.6, 1), found(3, 0.5, 1)],
    ];
    const combined = combineRankings({ plus, minus: [] });
    expect(combined.map(({ ranked }) => ranked.trackId)).toEqual([3, 1, 2]);
    expect(combined[0]?.ranked.score).toBeCloseTo(0.5);
    expect(combined[0]?.ranked.hits.map(({ queryChunk }) => queryChunk)).toEqual([0, 1]);
  });

  test('lowers what a minus track resembles, and nothing else', () => {
    const plus = [[found(1, 0.6), found(2, 0.5)]];
    const combined = combineRankings({ plus, minus: [[found(1, 0.4, 5), found(9, 0.9, 5)]] });
    expect(combined.map(({ ranked }) => ranked.trackId)).toEqual([2, 1]);
    expect(combined[1]?.ranked.score).toBeCloseTo(0.2);
  });

  test('counts duplicates that different query tracks found as one recording', () => {
    const plus = [[found(1, 0.4)], [found(7, 0.6, 1)]];
    const combined = combineRankings({ plus, minus: [], recordingOf: joinGroups([[1, 7]]) });
    expect(combined).toHaveLength(1);
    expect(combined[0]).toMatchObject({ ids: [1, 7], ranked: { trackId: 7, agreeingChunks: 2 } });
    expect(combined[0]?.ranked.score).toBeCloseTo(0.5);
  });

  test('refuses to rank without a plus track', () => {
    expect(() => combineRankings({ plus: [], minus: [] })).toThrow(RangeError);
  });

  test('keeps the ranking of a single plus track as it is', () => {
    fc.assert(
      fc.property(anyRankings(1, 1), (plus) => {
        expect(combineRankings({ plus, minus: [] }).map(({ ranked }) => ranked)).toEqual(plus[0]);
      }),
    );
  });

  test('does not depend on the order of the query tracks', () => {
    fc.assert(
      fc.property(anyRankings(4, 1), anyRankings(4), (plus, minus) => {
        const there = combineRankings({ plus, minus });
        const back = combineRankings({ plus: plus.toReversed(), minus: minus.toReversed() });
        expect(back).toEqual(there);
      }),
    );
  });

  test('invents no track and loses none', () => {
    fc.assert(
      fc.property(anyRankings(4, 1), anyRankings(4), (plus, minus) => {
        const ids = new Set(plus.flat().map(({ trackId }) => trackId));
        expect(new Set(scoresOf(combineRankings({ plus, minus })).keys())).toEqual(ids);
      }),
    );
  });

  test('never raises a score by a minus track', () => {
    fc.assert(
      fc.property(anyRankings(3, 1), anyRankings(3), (plus, minus) => {
        const without = scoresOf(combineRankings({ plus, minus: [] }));
        for (const [id, score] of scoresOf(combineRankings({ plus, minus })))
          expect(score).toBeLessThanOrEqual((without.get(id) ?? 0) + 1e-12);
      }),
    );
  });

  test('gives the same ranking when every query track is given twice', () => {
    fc.assert(
      fc.property(anyRankings(3, 1), anyRankings(3), (plus, minus) => {
        const once = scoresOf(combineRankings({ plus, minus }));
        const twice = scoresOf(combineRankings({ plus: [...plus, ...plus], minus: [...minus, ...minus] }));
        for (const [id, score] of once) expect(twice.get(id)).toBeCloseTo(score, 10);
      }),
    );
  });
});

test('groups of duplicates with a common member are one group', () => {
  const joined = joinGroups([
    [5, 9],
    [2, 3],
    [9, 2],
    [7, 8],
  ]);
  expect(Object.fromEntries(joined)).toEqual({ 2: 2, 3: 2, 5: 2, 9: 2, 7: 7, 8: 7 });
});
