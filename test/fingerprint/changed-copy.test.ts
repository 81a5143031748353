import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fingerprint } from '../../src/domain.ts';
import { ChangedQuery, provingMatch } from '../../src/fingerprint/changed-copy.ts';
import { agreementAlong, levelsOf } from '../../src/fingerprint/levels.ts';
import { Lines } from '../../src/fingerprint/lines.ts';
import { isSameRecording, matchFingerprints } from '../../src/fingerprint/match.ts';

const itemSec = 0.125;
const gray = [0, 1, 3, 2] as const;

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Sixteen measurements of four levels that stay for some items, as those of music do: chromaprint's filters look at 2 s. */
function music(count: number, seed: number): number[][] {
  const random = randomOf(seed);
  const now = Array.from({ length: 16 }, () => Math.floor(random() * 4));
  return Array.from({ length: count }, () => {
    for (let one = 0; one < 16; one++) if (random() < 0.3) now[one] = Math.floor(random() * 4);
    return [...now];
  });
}

function printed(levels: readonly (readonly number[])[]): Fingerprint {
  const word = (row: readonly number[]) =>
    row.reduce((bits, level, one) => (bits | ((gray[level as 0 | 1 | 2 | 3] ?? 0) << (2 * one))) >>> 0, 0);
  return { items: Uint32Array.from(levels, word), itemSec };
}

/** As a narrow band does it: each measurement moves up or down for good, and loses what leaves the scale; some items are wrong. */
function shifted(levels: readonly (readonly number[])[], wrongShare: number, seed: number): number[][] {
  const random = randomOf(seed);
  return levels.map((row) =>
    row.map((level, one) =>
      random() < wrongShare ? Math.floor(random() * 4) : Math.max(0, Math.min(3, level + (one % 2 === 0 ? 1 : -1))),
    ),
  );
}

/** Every item of the query is the track's at `from + rate * item`. */
function played(
  levels: readonly (readonly number[])[],
  from: number,
  count: number,
  rate: number,
): (readonly number[])[] {
  return Array.from({ length: count }, (_, item) => levels[Math.round(from + rate * item)] ?? []);
}

const plainly = (fingerprint: Fingerprint) => new ChangedQuery(fingerprint, []);

describe('a copy at another tempo', () => {
  const track = music(1500, 1);

  test.each([0.96, 0.98, 1.0125, 1.03, 1.04])('is proved at %f, with its speed and offset', (rate) => {
    const query = printed(played(track, 400, 240, rate));
    const match = provingMatch(plainly(query).compare(printed(track)), false);
    expect(Math.abs((match?.speed ?? 0) - rate)).toBeLessThan(0.004);
    expect(Math.abs((match?.offsetSec ?? 0) - 400 * itemSec)).toBeLessThan(0.5);
  });

  test('is proved with the given speed of the fingerprint', () => {
    const query = printed(music(240, 2));
    const undone = { ...printed(played(track, 700, 240, 0.9975)), speed: 1.02 };
    const match = provingMatch(new ChangedQuery(query, [undone]).compare(printed(track)), false);
    expect(match?.speed).toBeCloseTo(1.02 * 0.9975, 2);
    expect(provingMatch(plainly(query).compare(printed(track)), false)).toBeNull();
  });

  test('at its own speed has speed 1', () => {
    const match = provingMatch(plainly(printed(track.slice(300, 540))).compare(printed(track)), false);
    expect(match).toMatchObject({ speed: 1, offsetSec: 300 * itemSec, bitErrorRate: 0 });
  });
});

describe('a copy through a narrow band', () => {
  const track = music(1500, 3);
  const query = printed(shifted(track.slice(600, 840), 0.3, 4));

  test('is not proved as a plain copy, but by the correlation of its levels', () => {
    const plain = matchFingerprints(query, printed(track));
    expect(plain !== null && isSameRecording(plain)).toBe(false);
    const match = provingMatch(plainly(query).compare(printed(track)), true);
    expect(match?.offsetSec).toBeCloseTo(600 * itemSec, 9);
    expect(match?.speed).toBe(1);
  });

  test('is not proved when the query has the full band, because another performance may agree as much', () => {
    const { sameSpeed, otherSpeed } = plainly(printed(shifted(track.slice(600, 840), 0.45, 5))).compare(printed(track));
    expect(sameSpeed?.correlation).toBeGreaterThan(0.34);
    expect(sameSpeed?.correlation).toBeLessThan(0.66);
    expect(provingMatch({ sameSpeed, otherSpeed }, true)).not.toBeNull();
    expect(provingMatch({ sameSpeed, otherSpeed }, false)).toBeNull();
  });
});

test("another speed needs a clearly better agreement than the track's own", () => {
  const at = (speed: number, correlation: number) => ({
    ...{ speed, correlation, informativeItems: 220, bitErrorRate: 0.2, offsetSec: 0 },
  });
  expect(provingMatch({ sameSpeed: at(1, 0.7), otherSpeed: at(1.005, 0.72) }, false)?.speed).toBe(1);
  expect(provingMatch({ sameSpeed: at(1, 0.7), otherSpeed: at(1.02, 0.9) }, false)?.speed).toBe(1.02);
  // Another performance, through a telephone: at its own tempo it agrees better than as a copy.
  expect(provingMatch({ sameSpeed: at(1, 0.37), otherSpeed: at(0.97, 0.5) }, true)).toBeNull();
  expect(provingMatch({ sameSpeed: at(1, 0.37), otherSpeed: at(0.995, 0.39) }, true)?.speed).toBe(1);
});

describe('no proof', () => {
  test('from unrelated music, at any speed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.integer({ min: 100, max: 300 }), (seed, count) => {
        const atSpeeds = [0.98, 1.02].map((speed, at) => ({ ...printed(music(count, seed + 2 + at)), speed }));
        const matches = new ChangedQuery(printed(music(count, seed)), atSpeeds).compare(printed(music(1200, seed + 1)));
        expect(provingMatch(matches, false)).toBeNull();
        expect(provingMatch(matches, true)).toBeNull();
      }),
      { numRuns: 25 },
    );
  });

  test('from silence at the same place in both', () => {
    const withPause = (seed: number) => {
      const levels = music(300, seed);
      for (let item = 100; item < 200; item++) levels[item] = Array.from({ length: 16 }, () => 2);
      return printed(levels);
    };
    expect(provingMatch(plainly(withPause(6)).compare(withPause(7)), true)).toBeNull();
  });

  test('from less than twelve seconds', () => {
    const track = music(1500, 8);
    expect(provingMatch(plainly(printed(track.slice(500, 580))).compare(printed(track)), false)).toBeNull();
    expect(provingMatch(plainly(printed(track.slice(500, 620))).compare(printed(track)), false)).not.toBeNull();
  });

  test('from empty fingerprints or fingerprints of another kind', () => {
    const empty = { items: new Uint32Array(), itemSec };
    const some = printed(music(200, 9));
    expect(provingMatch(plainly(empty).compare(some), true)).toBeNull();
    expect(provingMatch(plainly(some).compare(empty), true)).toBeNull();
    expect(() => plainly(some).compare({ ...some, itemSec: 0.1 })).toThrow(RangeError);
  });
});

test('finds the position of an excerpt for any position and rate', () => {
  const track = music(1000, 10);
  const { items } = printed(track);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 740 }), fc.constantFrom(0.96, 0.99, 1, 1.02, 1.04), (from, rate) => {
      const query = printed(played(track, from, 240, rate));
      const [line] = new Lines(query.items, items).best(rate, 3);
      expect(Math.abs((line?.at ?? -100) - from)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 30 },
  );
});

test('finds a query that begins before the track, and one in an hour', () => {
  const track = music(29_000, 11);
  const early = printed([...music(60, 12), ...track.slice(0, 180)]);
  expect(new Lines(early.items, printed(track).items).best(1, 1)[0]?.at).toBe(-60);
  const late = printed(track.slice(28_000, 28_240));
  expect(new Lines(late.items, printed(track).items).best(1, 1)[0]?.at).toBe(28_000);
});

test('constantly shifted levels have a correlation of 1', () => {
  const low = music(200, 13).map((row) => row.map((level) => Math.min(level, 2)));
  const high = low.map((row) => row.map((level) => level + 1));
  const [one, other] = [printed(low), printed(high)].map(({ items }) => ({ items, levels: levelsOf(items) }));
  if (!one || !other) throw new Error('two were made');
  const agreement = agreementAlong(one, other, { at: 0, rate: 1 });
  expect(agreement?.correlation).toBeGreaterThan(0.95);
  expect(agreement?.bitErrorRate).toBeGreaterThan(0.4);
});
