import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countVoters, dropTailDoubleVotes } from '../../src/ranking/tail-votes.ts';
import { hitAt, querySpans } from './hits.ts';

describe('a tail and its neighbour are one voter', () => {
  test('on the query side, the better hit counts for both', () => {
    const before = hitAt({ queryChunk: 1, similarity: 0.8, trackStartSec: 40 });
    const tail = hitAt({ queryChunk: 2, similarity: 0.9, trackStartSec: 40 });
    expect(dropTailDoubleVotes([before, tail], querySpans(3, 6))).toEqual([tail]);
    expect(dropTailDoubleVotes([before, { ...tail, similarity: 0.8 }], querySpans(3, 6))).toEqual([before]);
  });

  test('separately for each track', () => {
    const hits = [hitAt({ queryChunk: 1, trackId: 1 }), hitAt({ queryChunk: 2, trackId: 2 })];
    expect(dropTailDoubleVotes(hits, querySpans(3, 6))).toEqual(hits);
  });

  test('not when the last window ends with the recording without an overlap', () => {
    const hits = [hitAt({ queryChunk: 1 }), hitAt({ queryChunk: 2 })];
    expect(dropTailDoubleVotes(hits, querySpans(3, 0))).toEqual(hits);
  });

  test('not when the neighbour is silence and has no vote', () => {
    const [first, , tail] = querySpans(3, 6);
    const voting = [first, tail].filter((span) => span !== undefined);
    const hits = [hitAt({ queryChunk: 0 }), hitAt({ queryChunk: 2 })];
    expect(dropTailDoubleVotes(hits, voting)).toEqual(hits);
    expect(countVoters(voting)).toBe(2);
  });

  test("on the library side, the better hit of a track's tail and the chunk before it is kept", () => {
    const before = hitAt({ trackStartSec: 50, similarity: 0.9 });
    const tail = hitAt({ trackStartSec: 53, similarity: 0.8 });
    const elsewhere = hitAt({ trackStartSec: 40, similarity: 0.7 });
    expect(dropTailDoubleVotes([tail, before, elsewhere], querySpans(1))).toEqual([before, elsewhere]);
    expect(dropTailDoubleVotes([tail, { ...before, similarity: 0.5 }], querySpans(1))).toEqual([tail]);
  });

  test('adjacent library chunks without overlap are both kept', () => {
    const hits = [hitAt({ trackStartSec: 40 }), hitAt({ trackStartSec: 50 })];
    expect(dropTailDoubleVotes(hits, querySpans(1))).toEqual(hits);
  });

  test('every track keeps at least one hit, and none is invented', () => {
    const anyHits = fc.array(
      fc
        .record({
          queryChunk: fc.integer({ min: 0, max: 4 }),
          trackId: fc.integer({ min: 1, max: 3 }),
          trackStartSec: fc.constantFrom(0, 10, 20, 24),
          similarity: fc.double({ min: -1, max: 1, noNaN: true }),
        })
        .map(hitAt),
    );
    fc.assert(
      fc.property(anyHits, (hits) => {
        const kept = dropTailDoubleVotes(hits, querySpans(5, 3));
        expect(new Set(kept.map(({ trackId }) => trackId))).toEqual(new Set(hits.map(({ trackId }) => trackId)));
        expect(hits).toEqual(expect.arrayContaining(kept));
      }),
    );
  });
});
