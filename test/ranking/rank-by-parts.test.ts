import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type FoundNeighbour,
  type Neighbourhood,
  rankByNearest,
  rankByParts,
  rankByVotes,
} from '../../src/ranking/rank-by-parts.ts';
import { partsOf, type SpacePart, wholeOf } from '../../src/ranking/space-parts.ts';
import { querySpans } from './hits.ts';

const parts = partsOf('builtin@2.0.0/0123456789ab/fp32/w10h10/fe:x', 384);
const library = { chunks: 1000, chunksOf: () => 10 };

interface Given {
  readonly trackId: number;
  readonly sound: number;
  readonly harmony: number;
  readonly hubness?: readonly [number, number];
  readonly startSec?: number;
}

/** One list of neighbours for each query chunk. */
function found(
  perChunk: readonly (readonly Given[])[],
  neighbours = 2,
  of: readonly SpacePart[] = parts,
): Neighbourhood {
  let row = 0;
  const neighbour = ({ trackId, sound, harmony, hubness, startSec = 0 }: Given): FoundNeighbour => {
    const similarity = 0.46 * sound + 0.54 * harmony;
    return {
      row: row++,
      chunk: { trackId, startSec, endSec: startSec + 10, overlapSec: 0 },
      similarity,
      ofParts: of.length > 1 ? [sound, harmony] : [similarity],
      hubness,
    };
  };
  const chunks = perChunk.map((own) => own.map(neighbour).sort((a, b) => b.similarity - a.similarity));
  return { searched: querySpans(perChunk.length), perChunk: chunks, parts: of, library, neighbours };
}

const ids = (ranked: readonly { trackId: number }[]) => ranked.map(({ trackId }) => trackId);

describe('ranking by parts', () => {
  // Track 1 sounds alike, track 2 has the same harmony, track 3 is the nearest by the whole vector.
  const chunk: Given[] = [
    { trackId: 1, sound: 0.9, harmony: 0.1 },
    { trackId: 2, sound: 0.1, harmony: 0.95 },
    { trackId: 3, sound: 0.6, harmony: 0.6 },
    { trackId: 4, sound: 0.5, harmony: 0.5 },
  ];
  const neighbourhood = found([chunk, chunk, chunk]);

  test('finds tracks that are similar in one part only', () => {
    expect(ids(rankByParts(neighbourhood)).sort()).toEqual([1, 2, 3]);
    expect(ids(rankByParts(neighbourhood, { focus: 'sound' }))).toEqual([1, 3]);
    expect(ids(rankByParts(neighbourhood, { focus: 'harmony' }))[0]).toBe(2);
  });

  test('returns the contribution of each part', () => {
    for (const { score, scoreOfParts } of rankByParts(neighbourhood)) {
      expect(score).toBeCloseTo((scoreOfParts?.sound ?? Number.NaN) + (scoreOfParts?.harmony ?? Number.NaN), 12);
    }
    const [second] = rankByParts(neighbourhood).filter(({ trackId }) => trackId === 2);
    // No vote; a margin of 0.95 over 0.6, ten times.
    expect(second?.scoreOfParts).toEqual({ sound: 0, harmony: expect.closeTo(3.5, 9) });
  });

  test('scores sound by the number of votes above chance, not by similarity', () => {
    const near: Given[] = [{ trackId: 1, sound: 0.99, harmony: 0 }];
    const twice: Given[] = [{ trackId: 2, sound: 0.3, harmony: 0 }];
    const ranked = rankByParts(found([near, twice, twice], 1), { focus: 'sound' });
    // With one neighbour the nearest pair decides.
    expect(ids(ranked)).toEqual([1, 2]);
    const voted = rankByParts(found([[...near, ...twice], twice, twice]), { focus: 'sound' });
    expect(ids(voted)).toEqual([2, 1]);
  });

  test('adds the similarity of the average sounds to the sound, also of a track that only its harmony found', () => {
    // Track 3 has as many votes as track 1 and less of the average sound.
    const averageSound = new Map([
      [1, 0.1],
      [2, 0.3],
      [3, -0.2],
    ]);
    const before = new Map(rankByParts(neighbourhood).map((track) => [track.trackId, track.scoreOfParts]));
    const ranked = rankByParts({ ...neighbourhood, averageSound });
    for (const { trackId, score, scoreOfParts } of ranked) {
      const old = before.get(trackId) ?? { sound: Number.NaN, harmony: Number.NaN };
      expect(scoreOfParts?.sound).toBeCloseTo(old.sound + 1.5 * (averageSound.get(trackId) ?? Number.NaN), 9);
      // Harmony counts more, because other performances do not share the average sound.
      expect(scoreOfParts?.harmony).toBeCloseTo(2 * old.harmony, 9);
      expect(score).toBeCloseTo((scoreOfParts?.sound ?? Number.NaN) + (scoreOfParts?.harmony ?? Number.NaN), 9);
    }
    expect(ids(rankByParts({ ...neighbourhood, averageSound }, { focus: 'sound' }))).toEqual([1, 3]);
    const raised = new Map(averageSound).set(3, 0.4);
    expect(ids(rankByParts({ ...neighbourhood, averageSound: raised }, { focus: 'sound' }))).toEqual([3, 1]);
  });

  test('does not use the average sounds for harmony alone', () => {
    const averageSound = new Map([[3, 2]]);
    const ordered = ids(rankByParts({ ...neighbourhood, averageSound }, { focus: 'harmony' }));
    expect(ordered).toEqual(ids(rankByParts(neighbourhood, { focus: 'harmony' })));
  });

  test('corrects hubs by part, and only when asked', () => {
    const hub: Given[] = [
      { trackId: 1, sound: 0.8, harmony: 0.2, hubness: [0.9, 0] },
      { trackId: 2, sound: 0.7, harmony: 0.2, hubness: [0.1, 0] },
    ];
    const given = found([hub, hub], 1);
    expect(ids(rankByParts(given, { focus: 'sound' }))).toEqual([1]);
    expect(ids(rankByParts(given, { focus: 'sound', correctsHubs: true }))).toEqual([2]);
  });

  test('answers without correction when a neighbour has no hubness', () => {
    const mixed: Given[] = [
      { trackId: 1, sound: 0.8, harmony: 0.2, hubness: [0.9, 0] },
      { trackId: 2, sound: 0.7, harmony: 0.2 },
    ];
    expect(ids(rankByParts(found([mixed], 1), { focus: 'sound', correctsHubs: true }))).toEqual([1]);
  });

  test('shows each pair once, with the similarity of the whole vectors', () => {
    const both: Given[] = [{ trackId: 1, sound: 0.9, harmony: 0.9 }];
    const [track] = rankByParts(found([both, both]));
    expect(track?.votes).toBe(2);
    expect(track?.hits.map(({ similarity }) => similarity)).toEqual([expect.closeTo(0.9, 9), expect.closeTo(0.9, 9)]);
  });

  test('a space of one part has one score, and no focus', () => {
    const one = found([chunk, chunk], 2, [wholeOf(512)]);
    const [first] = rankByParts(one);
    expect(first).toMatchObject({ trackId: 3 });
    expect(first).not.toHaveProperty('scoreOfParts');
    expect(rankByParts(one, { focus: 'harmony' })).toEqual(rankByParts(one));
  });
});

describe('ranking by the whole vector', () => {
  const chunk: Given[] = [
    { trackId: 1, sound: 0.9, harmony: 0.1 },
    { trackId: 3, sound: 0.6, harmony: 0.6 },
    { trackId: 2, sound: 0.1, harmony: 0.95 },
  ];

  test('votes: ranks by the original formula over the nearest chunks', () => {
    const ranked = rankByVotes(found([chunk, chunk], 2));
    expect(ids(ranked)).toEqual([3, 2]);
    expect(ranked[0]?.score).toBe(1);
  });

  test('nearest: uses the requested number of neighbours', () => {
    expect(ids(rankByNearest(found([chunk], 2)))).toEqual([3, 2]);
    expect(ids(rankByNearest(found([chunk], 2), 9)).sort()).toEqual([1, 2, 3]);
  });
});

const anyNeighbour = fc.record({
  trackId: fc.integer({ min: 1, max: 6 }),
  sound: fc.double({ min: -1, max: 1, noNaN: true }),
  harmony: fc.double({ min: -1, max: 1, noNaN: true }),
  startSec: fc.integer({ min: 0, max: 9 }).map((at) => at * 10),
});

test('ranks best first with finite scores for any hits', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.uniqueArray(anyNeighbour, { selector: ({ trackId, startSec }) => `${trackId} ${startSec}`, maxLength: 12 }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
      fc.constantFrom('balanced' as const, 'sound' as const, 'harmony' as const),
      (perChunk, focus) => {
        const ranked = rankByParts(found(perChunk, 3), { focus });
        for (const [at, { score, votes }] of ranked.entries()) {
          expect(Number.isFinite(score)).toBe(true);
          expect(votes).toBeGreaterThan(0);
          expect(ranked[at + 1]?.score ?? score).toBeLessThanOrEqual(score);
        }
        expect(new Set(ids(ranked)).size).toBe(ranked.length);
      },
    ),
  );
});

describe('the parts of a space', () => {
  test('are known for the built-in model and for musicnn, and for no other', () => {
    expect(parts.map(({ name }) => name)).toEqual(['sound', 'harmony']);
    expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(partsOf('clap@1.0.0/0123456789ab/fp32/w10h10/fe:x', 512)).toEqual([wholeOf(512)]);
    expect(partsOf('builtin@1.0.0/0123456789ab/fp32/w10h10/fe:x', 256)).toEqual([wholeOf(256)]);
    expect(partsOf('builtin@3.0.0/0123456789ab/fp32/w10h10/fe:x', 384)).toEqual(parts);
    const others = partsOf('musicnn@1.0.0/0123456789ab/fp32/w10h10/fe:x', 432);
    expect(others.map(({ name, from, dimensions }) => [name, from, dimensions])).toEqual([
      ['sound', 0, 240],
      ['harmony', 240, 192],
    ]);
    expect(partsOf('builtin@20.0.0/0123456789ab/fp32/w10h10/fe:x', 384)).toEqual([wholeOf(384)]);
    expect(partsOf('builtin@2.0.0/0123456789ab/fp32/w10h10/fe:x', 100)).toEqual([wholeOf(100)]);
  });
});
