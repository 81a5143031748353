import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintItemSec, fingerprintOptions, readFingerprint } from '../../src/audio/fingerprint.ts';
import type { Fingerprint } from '../../src/domain.ts';
import { agreementOf, durationsAgree, haveMatchingHits, isSameWhole } from '../../src/fingerprint/duplicates.ts';
import { hitAt } from '../ranking/hits.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

const itemSec = 0.125;

/** Words that differ from each other as those of unrelated music do. */
function words(count: number, seed: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state ^ Math.imul(state >>> 7, 0x9e3779b1)) >>> 0;
  });
}

function joined(...parts: Uint32Array[]): Fingerprint {
  return { items: Uint32Array.from(parts.flatMap((part) => [...part])), itemSec };
}

const silence = (count: number) => new Uint32Array(count).fill(0x2a2a2a2a);

describe('duplicates', () => {
  test('a track is a duplicate of itself from five seconds up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer(), (count, seed) => {
        const whole = joined(words(count, seed));
        expect(isSameWhole(whole, whole)).toBe(count >= 40);
      }),
    );
  });

  test('leading silence that is added or removed changes nothing, in either order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 400, max: 3000 }), (lead, count) => {
        const music = words(count, 7);
        const [plain, led] = [joined(music), joined(silence(lead), music)];
        expect(isSameWhole(plain, led)).toBe(true);
        expect(isSameWhole(led, plain)).toBe(true);
        expect(agreementOf(plain, led)?.offsetSec).toBeCloseTo(lead * itemSec, 9);
      }),
    );
  });

  test('two tracks that share a loop for most of one of them are not duplicates', () => {
    const loop = words(800, 1);
    expect(isSameWhole(joined(loop), joined(loop, words(200, 2)))).toBe(false);
    expect(isSameWhole(joined(loop, words(200, 2)), joined(loop, words(200, 3)))).toBe(false);
    expect(isSameWhole(joined(words(200, 2), loop), joined(words(200, 3), loop))).toBe(false);
  });

  test('twenty different seconds prevent a duplicate despite minutes of agreement', () => {
    const [head, tail] = [words(600, 1), words(600, 2)];
    const [one, other] = [words(160, 3), words(160, 4)];
    expect(isSameWhole(joined(head, one, tail), joined(head, other, tail))).toBe(false);
  });

  test('silence of any length proves nothing', () => {
    expect(isSameWhole(joined(silence(5000)), joined(silence(5000)))).toBe(false);
    const bell = words(10, 1);
    expect(isSameWhole(joined(bell, silence(5000)), joined(bell, silence(5000)))).toBe(false);
    expect(agreementOf(joined(), joined(words(5, 1)))?.items ?? 0).toBe(0);
  });

  test('fingerprints with other items are refused', () => {
    expect(() => isSameWhole(joined(words(9, 1)), { items: words(9, 1), itemSec: 0.2 })).toThrow(RangeError);
    expect(() => isSameWhole({ items: words(9, 1), itemSec: 0 }, { items: words(9, 1), itemSec: 0 })).toThrow(
      RangeError,
    );
  });
});

test('durations agree within ten seconds and a tenth', () => {
  expect(durationsAgree(300, 310)).toBe(true);
  expect(durationsAgree(310, 300)).toBe(true);
  expect(durationsAgree(300, 310.5)).toBe(false);
  expect(durationsAgree(30, 33)).toBe(true);
  expect(durationsAgree(30, 33.5)).toBe(false);
});

describe('hits propose a comparison', () => {
  const answering = (trackId: number, trackStartSec: number, similarity: number, chunks = [0, 1, 2]) =>
    chunks.map((queryChunk) =>
      hitAt({ trackId, queryChunk, trackStartSec: trackStartSec + 10 * queryChunk, similarity }),
    );

  test('when both hit the same chunks at similar distances and times', () => {
    expect(haveMatchingHits(answering(1, 50, 0.9), answering(2, 52.3, 0.85))).toBe(true);
    expect(haveMatchingHits(answering(1, 50, 0.9), answering(2, 50, 0.7))).toBe(false);
    expect(haveMatchingHits(answering(1, 50, 0.9), answering(2, 90, 0.9))).toBe(false);
    expect(haveMatchingHits(answering(1, 50, 0.9, [0, 1]), answering(2, 50, 0.9, [2, 3]))).toBe(false);
    expect(haveMatchingHits([], [])).toBe(false);
  });
});

describe('with real audio', () => {
  let folder: string;
  let original: Fingerprint;
  const made = (name: string) => path.join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-duplicates-'));
    writePiece(made('piece.wav'), 11, 60);
    original = fingerprintOf(made('piece.wav'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  function fingerprintOf(file: string): Fingerprint {
    const input = ['-nostdin', '-v', 'error', '-i', file, '-ac', '1', '-ar', '11025'];
    return readFingerprint(execFileSync('ffmpeg', [...input, ...fingerprintOptions, '-']));
  }

  test.each([
    ['as an mp3 of 64 kbit/s', 'a.mp3', ['-b:a', '64k']],
    ['as ogg', 'b.ogg', ['-c:a', 'libvorbis', '-q:a', '1']],
    ['9 dB quieter', 'c.wav', ['-af', 'volume=-9dB']],
    ['brighter by 3 dB', 'd.wav', ['-af', 'treble=g=3,bass=g=-3']],
    ['with two seconds of silence before it', 'e.wav', ['-af', 'adelay=2000:all=1']],
    ['without its first second', 'f.wav', ['-ss', '1.03']],
  ])('a copy is recognised %s', (_how, name, options) => {
    ffmpeg('-i', made('piece.wav'), ...options, made(name));
    expect(isSameWhole(original, fingerprintOf(made(name)))).toBe(true);
  });

  test.each([
    ['another piece', ['-af', 'anull'], 12],
    ['the piece a semitone higher', ['-af', 'asetrate=23361,aresample=22050,atempo=0.943874'], 11],
    ['the piece 3 % slower', ['-af', 'asetrate=21388,aresample=22050'], 11],
  ])('%s is not a copy', (name, options, seed) => {
    const file = made(`${name}.wav`);
    writePiece(file, seed, 60, options);
    expect(fingerprintItemSec).toBe(original.itemSec);
    expect(isSameWhole(original, fingerprintOf(file))).toBe(false);
  });
});
