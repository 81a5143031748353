import { describe, expect, test } from 'vitest';
import { fusions } from '../../bench/quality/fusions.ts';
import type { Fingerprint, Hit } from '../../src/domain.ts';
import { calibrationOf, confidenceOf } from '../../src/ranking/calibration.ts';
import { fuse } from '../../src/ranking/fusion.ts';
import { candidatesMax, decideVerdict, recordingCandidates } from '../../src/ranking/verdict.ts';
import { hitAt, querySpans } from './hits.ts';

const calibration = { intercept: 0, slope: 1, soundsLikeFrom: 0.25, nothingCloseBelow: 0.1 };
const near = { closeness: 0.8, match: 0.8 };
const nothing: Fingerprint = { items: new Uint32Array(), itemSec: 0.125 };

function rank(hits: readonly Hit[]) {
  const library = { chunks: 1000, chunksOf: () => 10 };
  return fuse(fusions['reciprocal-rank'], { hits, queryChunks: querySpans(30), library });
}

function noise(seed: number, count = 200): Fingerprint {
  const items = Uint32Array.from({ length: count }, (_, at) => Math.imul(at * 2 + 1, 0x9e3779b1 ^ (seed * 7919)) >>> 0);
  return { items: items.map((word) => (word ^ Math.imul(word >>> 9, 0x85ebca6b)) >>> 0), itemSec: 0.125 };
}

describe('the verdicts', () => {
  const ranked = rank([hitAt({ trackId: 7, similarity: 0.8 }), hitAt({ trackId: 8, similarity: 0.7 })]);

  test('this is: a candidate with a matching fingerprint, with the offset', async () => {
    const track = noise(1);
    const query = { ...track, items: track.items.slice(80, 140) };
    const fingerprints = new Map([
      [7, noise(2)],
      [8, track],
    ]);
    expect(
      await decideVerdict({ ranked, queryFingerprint: query, fingerprints, calibration, nearestMatch: near }),
    ).toEqual({
      kind: 'this-is',
      trackId: 8,
      offsetSec: 10,
      bitErrorRate: 0,
    });
  });

  test('this is: of two tracks that share audio, the one with the longer agreement', async () => {
    const track = noise(3);
    const other = { ...track, items: Uint32Array.from([...track.items.slice(0, 100), ...noise(4, 100).items]) };
    const fingerprints = new Map([
      [1, other],
      [2, track],
    ]);
    const verdict = await decideVerdict({
      ranked,
      queryFingerprint: track,
      fingerprints,
      calibration,
      nearestMatch: near,
    });
    expect(verdict).toMatchObject({ kind: 'this-is', trackId: 2 });
  });

  test('sounds like: a good match without a proved recording', async () => {
    const fingerprints = new Map([[7, noise(5)]]);
    const verdict = await decideVerdict({
      ranked,
      queryFingerprint: noise(6, 60),
      fingerprints,
      calibration,
      nearestMatch: near,
    });
    expect(verdict).toEqual({ kind: 'sounds-like' });
  });

  const unproved = { ranked, queryFingerprint: nothing, fingerprints: new Map<number, Fingerprint>() };

  test('nearest: something is close, but the first result is probably wrong', async () => {
    const nearness = { closeness: 0.8, match: 0.1 };
    expect(await decideVerdict({ ...unproved, calibration, nearestMatch: nearness })).toEqual({ kind: 'nearest' });
  });

  test('nothing close: the library is farther than its own tracks are from each other', async () => {
    const nearness = { closeness: 0.05, match: 0.9 };
    expect(await decideVerdict({ ...unproved, calibration, nearestMatch: nearness })).toEqual({
      kind: 'nothing-close',
    });
  });

  test('sounds like, in a space that was not calibrated or a library without a spread', async () => {
    const nearness = { closeness: 0, match: 0 };
    expect((await decideVerdict({ ...unproved, calibration: null, nearestMatch: nearness })).kind).toBe('sounds-like');
    expect((await decideVerdict({ ...unproved, calibration, nearestMatch: null })).kind).toBe('sounds-like');
    expect((await decideVerdict({ ...unproved, ranked: [], calibration: null, nearestMatch: nearness })).kind).toBe(
      'nothing-close',
    );
    expect(calibrationOf('unheard-of@1.0.0/abc/fp32/w10h10/fe:x')).toBeNull();
  });

  test.each([
    { spaceId: 'builtin@3.0.0/abc/fp32/w10h10/fe:x', from: 30 },
    { spaceId: 'musicnn@1.0.0/abc/fp32/w10h10/fe:x', from: 29 },
  ])('of $spaceId: sounds like from a match of $from, nothing close below a closeness of 8', async (one) => {
    const calibration = calibrationOf(one.spaceId);
    const verdictAt = async (closeness: number, match: number) =>
      (await decideVerdict({ ...unproved, calibration, nearestMatch: { closeness, match } })).kind;
    expect(await verdictAt(0.5, (one.from + 0.5) / 100)).toBe('sounds-like');
    expect(await verdictAt(0.5, (one.from - 0.5) / 100)).toBe('nearest');
    expect(await verdictAt(0.08, 0.1)).toBe('nearest');
    expect(await verdictAt(0.07, 0.9)).toBe('nothing-close');
  });

  test('confidence grows with the match and stays a probability', () => {
    const shares = [0, 0.01, 0.1, 0.5, 1].map((match) =>
      confidenceOf(match, calibrationOf('builtin@2') ?? calibration),
    );
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    for (const share of shares) expect(share > 0 && share < 1).toBe(true);
  });
});

describe('the candidates for a fingerprint comparison', () => {
  test('contain the best ranked, the nearest and the longest run, up to the limit', () => {
    const crowd = Array.from({ length: 20 }, (_, at) => hitAt({ trackId: 100 + at, queryChunk: at, similarity: 0.6 }));
    const nearest = hitAt({ trackId: 1, queryChunk: 25, similarity: 0.99 });
    const run = [0, 1, 2].map((at) => hitAt({ trackId: 2, queryChunk: at, trackStartSec: at * 10, similarity: 0.3 }));
    const candidates = recordingCandidates(rank([...crowd, nearest, ...run]));
    expect(candidates).toContain(1);
    expect(candidates).toContain(2);
    expect(candidates).toHaveLength(candidatesMax);
    expect(new Set(candidates).size).toBe(candidatesMax);
  });

  test('are all tracks when there are few', () => {
    expect(recordingCandidates(rank([hitAt({ trackId: 3 })]))).toEqual([3]);
    expect(recordingCandidates([])).toEqual([]);
  });
});
