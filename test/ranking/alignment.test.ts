import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hit } from '../../src/domain.ts';
import { isRunImprobable, longestAlignedRun, withStep } from '../../src/ranking/alignment.ts';
import { describeTrack } from '../../src/ranking/fusion.ts';
import { hitAt } from './hits.ts';

/** Every window of differences, every stretch, by trying them all. */
function longestByBruteForce(hits: readonly Hit[], chunkSec: number): number {
  let best = 0;
  for (const first of hits) {
    const lagFrom = first.queryStartSec - first.trackStartSec;
    const inside = hits.filter((hit) => {
      const lag = hit.queryStartSec - hit.trackStartSec;
      return lag >= lagFrom && lag <= lagFrom + chunkSec;
    });
    const starts = [...new Set(inside.map((hit) => hit.queryStartSec))].sort((a, b) => a - b);
    let run = 0;
    let endSec = Number.NEGATIVE_INFINITY;
    for (const startSec of starts) {
      if (startSec - endSec > chunkSec) run = 0;
      run += startSec + chunkSec - Math.max(startSec, endSec);
      endSec = startSec + chunkSec;
      best = Math.max(best, run);
    }
  }
  return best;
}

const chunkSec = 10;
/** Query chunks on the grid or, like a tail, off it; track times anywhere on a grid of a quarter chunk. */
const anyHits = fc.array(
  fc
    .record({ query: fc.integer({ min: 0, max: 24 }), track: fc.integer({ min: 0, max: 48 }) })
    .map(({ query, track }) =>
      hitAt({ queryChunk: query, queryStartSec: query === 24 ? 236 : query * 10, trackStartSec: track * 2.5 }),
    ),
  { maxLength: 60 },
);

describe('the longest run of hits that agree in time', () => {
  test('is as long as the query when the piece matches it chunk by chunk', () => {
    const hits = [0, 1, 2, 3].map((at) =>
      hitAt({ queryChunk: at, queryStartSec: at * 10, trackStartSec: 47 + at * 10 }),
    );
    expect(longestAlignedRun(hits)).toEqual({ coveredSec: 40, queryFromSec: 0, queryToSec: 40, offsetSec: 47 });
  });

  test('tolerates time differences of one chunk, and no more', () => {
    const within = [
      hitAt({ queryChunk: 0, queryStartSec: 0, trackStartSec: 30 }),
      hitAt({ queryChunk: 1, queryStartSec: 10, trackStartSec: 50 }),
    ];
    expect(longestAlignedRun(within).coveredSec).toBe(20);
    const beyond = [
      hitAt({ queryChunk: 0, queryStartSec: 0, trackStartSec: 30 }),
      hitAt({ queryChunk: 1, queryStartSec: 10, trackStartSec: 50.1 }),
    ];
    expect(longestAlignedRun(beyond).coveredSec).toBe(10);
  });

  test('continues over one chunk without a hit, but not over two', () => {
    const at = (chunk: number) => hitAt({ queryChunk: chunk, queryStartSec: chunk * 10, trackStartSec: chunk * 10 });
    expect(longestAlignedRun([at(0), at(2), at(3)]).coveredSec).toBe(30);
    expect(longestAlignedRun([at(0), at(3), at(4)]).coveredSec).toBe(20);
  });

  test('counts the seconds that a tail shares with its neighbour once', () => {
    const hits = [
      hitAt({ queryChunk: 0, queryStartSec: 0, trackStartSec: 0 }),
      hitAt({ queryChunk: 1, queryStartSec: 10, trackStartSec: 10 }),
      hitAt({ queryChunk: 2, queryStartSec: 14, trackStartSec: 14 }),
    ];
    expect(longestAlignedRun(hits).coveredSec).toBe(24);
  });

  test('has one chunk when the same query chunk hits many places', () => {
    const hits = [0, 10, 20, 30].map((trackStartSec) => hitAt({ queryChunk: 0, queryStartSec: 0, trackStartSec }));
    expect(longestAlignedRun(hits).coveredSec).toBe(10);
  });

  test('is empty without hits', () => {
    expect(longestAlignedRun([]).coveredSec).toBe(0);
  });

  test('equals an exhaustive search over all windows and stretches', () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        expect(longestAlignedRun(hits).coveredSec).toBeCloseTo(longestByBruteForce(hits, chunkSec), 6);
      }),
      { numRuns: 500 },
    );
  });

  test('does not depend on the order of the hits', () => {
    fc.assert(
      fc.property(anyHits, fc.infiniteStream(fc.nat()), (hits, keys) => {
        const shuffled = hits.map((hit) => ({ hit, key: keys.next().value })).sort((a, b) => a.key - b.key);
        expect(longestAlignedRun(shuffled.map(({ hit }) => hit))).toEqual(longestAlignedRun(hits));
      }),
    );
  });

  test('refuses times that are not finite and chunks without length', () => {
    expect(() => longestAlignedRun([hitAt({ queryStartSec: Number.NaN })])).toThrow(RangeError);
    expect(() => longestAlignedRun([hitAt({ trackStartSec: Number.POSITIVE_INFINITY })])).toThrow(RangeError);
    expect(() => longestAlignedRun([hitAt({ durationSec: 0 })])).toThrow(RangeError);
  });
});

describe('whether chance explains a run', () => {
  const inStep = [0, 1, 2, 3, 4, 5].map((at) => hitAt({ queryChunk: at, trackStartSec: 100 + at * 10 }));

  test('no, when many hits advance in step', () => {
    expect(isRunImprobable(inStep)).toBe(true);
  });

  test('yes, when a track is found everywhere by every chunk', () => {
    const everywhere = [0, 1, 2].flatMap((queryChunk) =>
      [0, 10, 20, 30].map((trackStartSec) => hitAt({ queryChunk, trackStartSec })),
    );
    expect(longestAlignedRun(everywhere).coveredSec).toBe(30);
    expect(isRunImprobable(everywhere)).toBe(false);
  });

  test('no, when each chunk finds its own place first and all the others too', () => {
    const all = inStep.flatMap((hit) => [
      hit,
      ...inStep.map(({ trackStartSec }) => hitAt({ ...hit, trackStartSec, similarity: hit.similarity / 2 })),
    ]);
    expect(isRunImprobable(all)).toBe(true);
  });

  test('yes, for two hits: half of all orders give their run', () => {
    expect(isRunImprobable(inStep.slice(0, 2))).toBe(false);
  });

  test('is computed only for runs of more than one chunk, and is deterministic', () => {
    const track = describeTrack(1, inStep, 1);
    expect(withStep(track)).toEqual({ ...track, inStep: true });
    expect(withStep(track)).toEqual(withStep(track));
    expect(withStep(describeTrack(1, inStep.slice(0, 1), 1))).not.toHaveProperty('inStep');
  });
});
