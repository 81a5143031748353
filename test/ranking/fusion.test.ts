import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BenchFusionName, benchFusionNames, fusions } from '../../bench/quality/fusions.ts';
import type { Hit } from '../../src/domain.ts';
import { type FusionInput, fuse as fuseBy } from '../../src/ranking/fusion.ts';
import { votesAndSums } from '../../src/ranking/fusion-scores.ts';
import { hitAt, querySpans } from './hits.ts';

const fuse = (name: BenchFusionName, input: FusionInput) => fuseBy(fusions[name], input);

describe("the original's published results", () => {
  /** The printed votes and sums are rounded, so the scores follow to within 0.0005. */
  const tolerance = 0.0005;

  test('test 1, the input is in the library', () => {
    const [nausicaa, faust] = votesAndSums([
      { votes: 92, totalSimilarity: 81.41 },
      { votes: 5, totalSimilarity: 4.23 },
    ]);
    expect(Math.abs((nausicaa ?? 0) - 1)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs((faust ?? 0) - 0.0525)).toBeLessThanOrEqual(tolerance);
  });

  test('test 2, the input is not in the library', () => {
    const [synthetic, variations] = votesAndSums([
      { votes: 16, totalSimilarity: 14.8 },
      { votes: 7, totalSimilarity: 6.47 },
    ]);
    expect(Math.abs((synthetic ?? 0) - 1)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs((variations ?? 0) - 0.4373)).toBeLessThanOrEqual(tolerance);
  });

  test('also follow from hits, with several votes of one query chunk for a track', () => {
    const hits = [
      ...votesFor({ trackId: 1, votes: 16, total: 14.8, perChunk: 2 }),
      ...votesFor({ trackId: 2, votes: 7, total: 6.47, perChunk: 1 }),
    ];
    const [first, second] = fuse('votes', inputOf(hits, 16));
    expect(first).toMatchObject({ trackId: 1, votes: 16, agreeingChunks: 8 });
    expect(first?.totalSimilarity).toBeCloseTo(14.8, 9);
    expect(Math.abs((first?.score ?? 0) - 1)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs((second?.score ?? 0) - 0.4373)).toBeLessThanOrEqual(tolerance);
  });
});

interface VoteRequest {
  readonly trackId: number;
  readonly votes: number;
  readonly total: number;
  readonly perChunk: number;
}

function votesFor({ trackId, votes, total, perChunk }: VoteRequest): Hit[] {
  return Array.from({ length: votes }, (_, vote) =>
    hitAt({
      trackId,
      queryChunk: Math.floor(vote / perChunk),
      trackStartSec: vote * 10,
      similarity: total / votes,
    }),
  );
}

const chunksPerTrack = 30;

function inputOf(hits: readonly Hit[], queryChunks: number, tailOverlapSec = 0): FusionInput {
  const library = { chunks: 10 * chunksPerTrack, chunksOf: () => chunksPerTrack };
  return { hits, queryChunks: querySpans(queryChunks, tailOverlapSec), library };
}

const queryChunks = 6;
/** Neighbours as an index gives them: no library chunk twice for one query chunk. */
const anyHits = fc.uniqueArray(
  fc
    .record({
      queryChunk: fc.integer({ min: 0, max: queryChunks - 1 }),
      trackId: fc.integer({ min: 1, max: 5 }),
      trackStartSec: fc.integer({ min: 0, max: 9 }).map((chunk) => chunk * 10),
      similarity: fc.double({ min: -1, max: 1, noNaN: true }),
    })
    .map(hitAt),
  { selector: (hit) => `${hit.queryChunk} ${hit.trackId} ${hit.trackStartSec}`, maxLength: 40 },
);

describe.each(benchFusionNames)('fusion %s', (name) => {
  test('never invents or loses a track', () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        const ranked = fuse(name, inputOf(hits, queryChunks, 4));
        expect(ranked.map(({ trackId }) => trackId).sort()).toEqual(
          [...new Set(hits.map((hit) => hit.trackId))].sort(),
        );
      }),
    );
  });

  test('gives the same bytes whatever the order of the hits', () => {
    fc.assert(
      fc.property(anyHits, fc.infiniteStream(fc.nat()), (hits, keys) => {
        const shuffled = hits.map((hit) => ({ hit, key: keys.next().value })).sort((a, b) => a.key - b.key);
        const again = fuse(
          name,
          inputOf(
            shuffled.map(({ hit }) => hit),
            queryChunks,
          ),
        );
        expect(JSON.stringify(again)).toBe(JSON.stringify(fuse(name, inputOf(hits, queryChunks))));
      }),
    );
  });

  test('ranks best first, ties by track, with finite scores', () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        const ranked = fuse(name, inputOf(hits, queryChunks));
        for (const [at, track] of ranked.entries()) {
          expect(track.score).not.toBeNaN();
          const next = ranked[at + 1];
          if (!next) continue;
          expect(track.score > next.score || (track.score === next.score && track.trackId < next.trackId)).toBe(true);
        }
      }),
    );
  });

  test('ranks a track with more and nearer hits first', () => {
    const near = [0, 1, 2, 3].map((queryChunk) =>
      hitAt({ queryChunk, trackId: 2, trackStartSec: queryChunk * 10, similarity: 0.9 }),
    );
    const far = [0, 1].map((queryChunk) => hitAt({ queryChunk, trackId: 1, trackStartSec: 70, similarity: 0.6 }));
    expect(fuse(name, inputOf([...far, ...near], queryChunks)).map(({ trackId }) => trackId)).toEqual([2, 1]);
  });

  test('returns nothing without hits', () => {
    expect(fuse(name, inputOf([], queryChunks))).toEqual([]);
  });

  test('refuses similarities outside the range of a search', () => {
    const bad =
      (given: Partial<Hit>): (() => unknown) =>
      () =>
        fuse(name, inputOf([{ ...hitAt({}), ...given }], queryChunks));
    expect(bad({ similarity: Number.NaN })).toThrow(RangeError);
    expect(bad({ similarity: 1.01 })).toThrow(RangeError);
    expect(bad({ queryChunk: 99 })).toThrow(RangeError);
    expect(bad({ trackStartSec: Number.NaN })).toThrow(RangeError);
    const input = inputOf([hitAt({})], queryChunks);
    expect(() => fuse(name, { ...input, library: { chunks: 10, chunksOf: () => 0 } })).toThrow(RangeError);
  });
});

describe('the evidence of a ranked track', () => {
  test('equals a count by hand', () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        for (const track of fuse('votes', inputOf(hits, queryChunks))) {
          const own = hits.filter((hit) => hit.trackId === track.trackId);
          expect(track.votes).toBe(own.length);
          expect(track.agreeingChunks).toBe(new Set(own.map((hit) => hit.queryChunk)).size);
          expect(track.totalSimilarity).toBeCloseTo(
            own.reduce((sum, hit) => sum + hit.similarity, 0),
            9,
          );
          expect(track.bestDistance).toBe(Math.min(...own.map((hit) => hit.distance)));
          expect(track.meanDistance).toBeCloseTo(own.reduce((sum, hit) => sum + hit.distance, 0) / own.length, 9);
          expect(track.hits).toHaveLength(own.length);
          expect(track.hits[0]?.distance).toBe(track.bestDistance);
        }
      }),
    );
  });

  test('lists the best hit first, ties by query time, then track time', () => {
    const hits = [
      hitAt({ queryChunk: 1, trackStartSec: 0 }),
      hitAt({ queryChunk: 0, trackStartSec: 20 }),
      hitAt({ queryChunk: 0, trackStartSec: 0 }),
      hitAt({ queryChunk: 3, trackStartSec: 0, similarity: 0.9 }),
    ];
    const [track] = fuse('votes', inputOf(hits, queryChunks));
    expect(track?.hits.map((hit) => [hit.queryChunk, hit.trackStartSec])).toEqual([
      [3, 0],
      [0, 0],
      [0, 20],
      [1, 0],
    ]);
  });

  test('counts a tail and its neighbour once, in any order', () => {
    const hits = [4, 5].map((queryChunk) => hitAt({ queryChunk, trackStartSec: 30 }));
    expect(fuse('votes', inputOf(hits, queryChunks, 7))[0]).toMatchObject({ votes: 1, agreeingChunks: 1 });
  });

  test('has the longest run that agrees in time', () => {
    const hits = [0, 1, 2].map((at) => hitAt({ queryChunk: at, trackStartSec: 50 + at * 10 }));
    expect(fuse('votes', inputOf(hits, queryChunks))[0]?.longestRunSec).toBe(30);
  });
});

describe('the fusions against their definitions, written out', () => {
  test('votes: 0.2 of the votes and 0.8 of the similarities, each against the best of the query', () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        const positive = hits.map((hit) => hitAt({ ...hit, similarity: Math.abs(hit.similarity) / 2 + 0.25 }));
        const ids = [...new Set(positive.map((hit) => hit.trackId))];
        const ownOf = (id: number) => positive.filter((hit) => hit.trackId === id);
        const totalOf = (id: number) => ownOf(id).reduce((sum, hit) => sum + hit.similarity, 0);
        const votesMax = Math.max(...ids.map((id) => ownOf(id).length));
        const totalMax = Math.max(...ids.map(totalOf));
        for (const { trackId, score } of fuse('votes', inputOf(positive, queryChunks))) {
          const expected = (0.2 * ownOf(trackId).length) / votesMax + (0.8 * totalOf(trackId)) / totalMax;
          expect(score).toBeCloseTo(expected, 9);
        }
      }),
    );
  });

  test('chunk-votes: a query chunk with five hits on a piece counts as much as one with a single hit', () => {
    const many = [0, 10, 20, 30, 40].map((trackStartSec) => hitAt({ queryChunk: 0, trackId: 1, trackStartSec }));
    const two = [0, 1].map((queryChunk) => hitAt({ queryChunk, trackId: 2 }));
    expect(fuse('votes', inputOf([...many, ...two], queryChunks))[0]?.trackId).toBe(1);
    expect(fuse('chunk-votes', inputOf([...many, ...two], queryChunks))[0]?.trackId).toBe(2);
  });

  test('best-pair: the mean over all query chunks of the best similarity', () => {
    const hits = [
      hitAt({ queryChunk: 0, similarity: 0.8 }),
      hitAt({ queryChunk: 0, similarity: 0.4, trackStartSec: 10 }),
      hitAt({ queryChunk: 1, similarity: 0.6 }),
    ];
    expect(fuse('best-pair', inputOf(hits, 4))[0]?.score).toBeCloseTo((0.8 + 0.6) / 4, 12);
  });
});

describe('the other fusions', () => {
  test('margin: the similarity above the worst neighbour of the query chunk', () => {
    const hits = [
      hitAt({ queryChunk: 0, trackId: 1, similarity: 0.9 }),
      hitAt({ queryChunk: 0, trackId: 2, similarity: 0.8 }),
      hitAt({ queryChunk: 1, trackId: 2, similarity: 0.7 }),
      hitAt({ queryChunk: 1, trackId: 3, similarity: 0.2 }),
    ];
    const margins = new Map(fuse('margin', inputOf(hits, 2)).map(({ trackId, score }) => [trackId, score]));
    expect(margins.get(1)).toBeCloseTo(0.1 / 2, 12);
    expect(margins.get(2)).toBeCloseTo(0.5 / 2, 12);
    expect(margins.get(3)).toBe(0);
  });

  test('reciprocal-rank: one vote for the nearest track of a query chunk, half a vote for the second', () => {
    const hits = [
      hitAt({ queryChunk: 0, trackId: 1, similarity: 0.8 }),
      hitAt({ queryChunk: 0, trackId: 1, similarity: 0.7, trackStartSec: 10 }),
      hitAt({ queryChunk: 0, trackId: 2, similarity: 0.6 }),
    ];
    const [first, second] = fuse('reciprocal-rank', inputOf(hits, 1));
    expect(first).toMatchObject({ trackId: 1 });
    expect(first?.score).toBeCloseTo(0.9, 12);
    expect(second?.score).toBeCloseTo(0.8 / 2, 12);
  });

  test('chance-corrected: of two tracks with equal votes, the one with fewer chunks ranks first', () => {
    const hits = [0, 1].flatMap((queryChunk) => [1, 2].map((trackId) => hitAt({ queryChunk, trackId })));
    const library = { chunks: 100, chunksOf: (trackId: number) => (trackId === 1 ? 60 : 5) };
    const ranked = fuse('chance-corrected', { hits, queryChunks: querySpans(4), library });
    expect(ranked.map(({ trackId }) => trackId)).toEqual([2, 1]);
  });
});

test('the published formula refuses impossible votes and sums', () => {
  expect(() => votesAndSums([{ votes: 0, totalSimilarity: 1 }])).toThrow(RangeError);
  expect(() => votesAndSums([{ votes: 1.5, totalSimilarity: 1 }])).toThrow(RangeError);
  expect(() => votesAndSums([{ votes: 1, totalSimilarity: Number.NaN }])).toThrow(RangeError);
});

describe('hits with a weight other than their similarity', () => {
  test.each(benchFusionNames)('%s: give the same answer when both are equal', (name) => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        const input = inputOf(hits, queryChunks);
        expect(fuse(name, { ...input, scoredSimilarityOf: ({ similarity }) => similarity })).toEqual(fuse(name, input));
      }),
    );
  });

  test('are ranked by the weight, and keep their similarity', () => {
    const hits = [0, 1].flatMap((queryChunk) => [
      hitAt({ queryChunk, trackId: 1, similarity: 0.9 }),
      hitAt({ queryChunk, trackId: 2, similarity: 0.8 }),
      hitAt({ queryChunk, trackId: 3, similarity: -0.9 }),
    ]);
    const scoredSimilarityOf = ({ trackId, similarity }: Hit) => similarity - (trackId === 2 ? 0 : 0.3);
    const ranked = fuse('margin', { ...inputOf(hits, 2), scoredSimilarityOf });
    expect(ranked.map(({ trackId }) => trackId)).toEqual([2, 1, 3]);
    expect(ranked[1]).toMatchObject({ trackId: 1, votes: 2, hits: [hits[0], hits[3]] });
    expect(ranked[1]?.bestDistance).toBeCloseTo(0.1);
    expect(ranked[1]?.totalSimilarity).toBeCloseTo(1.8);
  });
});
