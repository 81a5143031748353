import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fingerprint } from '../../src/domain.ts';
import { isSameRecording, matchFingerprints } from '../../src/fingerprint/match.ts';
import { candidateOffsets } from '../../src/fingerprint/offsets.ts';

const itemSec = 0.125;

/** Words that differ from each other as those of unrelated music do. */
function words(count: number, seed: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state ^ Math.imul(state >>> 7, 0x9e3779b1)) >>> 0;
  });
}

function fingerprint(items: Uint32Array): Fingerprint {
  return { items, itemSec };
}

/** The same words with every n-th bit wrong. */
function damaged(items: Uint32Array, everyBit: number): Uint32Array {
  return items.map((word, at) => {
    let wrong = 0;
    for (let bit = 0; bit < 32; bit++) if ((at * 32 + bit) % everyBit === 0) wrong |= 1 << bit;
    return (word ^ wrong) >>> 0;
  });
}

describe('matching two fingerprints', () => {
  test('finds an excerpt at any offset', () => {
    const track = words(2000, 1);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1900 }), fc.integer({ min: 20, max: 100 }), (from, items) => {
        const match = matchFingerprints(fingerprint(track.slice(from, from + items)), fingerprint(track));
        expect(match?.offsetSec).toBeCloseTo(from * itemSec, 9);
        expect(match?.bitErrorRate).toBe(0);
        expect(match && isSameRecording(match)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('finds an excerpt with one bit in ten wrong, and returns the error rate', () => {
    const track = words(1000, 2);
    const match = matchFingerprints(fingerprint(damaged(track.slice(400, 460), 10)), fingerprint(track));
    expect(match?.offsetSec).toBeCloseTo(400 * itemSec, 9);
    expect(match?.bitErrorRate).toBeCloseTo(0.1, 2);
    expect(match && isSameRecording(match)).toBe(true);
  });

  test('gives a negative offset where the query begins before the track', () => {
    const track = words(400, 3);
    const query = Uint32Array.from([...words(100, 4), ...track]);
    const match = matchFingerprints(fingerprint(query), fingerprint(track));
    expect(match?.offsetSec).toBeCloseTo(-100 * itemSec, 9);
    expect(match?.queryFromSec).toBeGreaterThanOrEqual(98 * itemSec);
  });

  test('finds music in a query with other sounds before and after it', () => {
    const track = words(1500, 5);
    const query = Uint32Array.from([...words(300, 6), ...track.slice(500, 620), ...words(300, 7)]);
    const match = matchFingerprints(fingerprint(query), fingerprint(track));
    expect(match?.offsetSec).toBeCloseTo(200 * itemSec, 9);
    expect(match && isSameRecording(match)).toBe(true);
  });

  test('finds an hour in an hour by candidate offsets, without trying all offsets', () => {
    const track = words(29_000, 8);
    const query = Uint32Array.from([...words(4000, 9), ...damaged(track.slice(0, 25_000), 20)]);
    expect([...candidateOffsets(query, track)].length).toBeLessThan(100);
    expect(matchFingerprints(fingerprint(query), fingerprint(track))?.offsetSec).toBeCloseTo(-4000 * itemSec, 9);
  });

  test('does not match unrelated sound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 1, max: 300 }), (seed, items) => {
        const match = matchFingerprints(fingerprint(words(items, seed)), fingerprint(words(3000, seed + 1)));
        expect(match !== null && isSameRecording(match)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('does not match silence with silence', () => {
    const silence = new Uint32Array(500).fill(627_964_279);
    const query = Uint32Array.from([...silence.slice(0, 100), ...words(100, 10)]);
    const track = Uint32Array.from([...words(500, 11), ...silence]);
    const match = matchFingerprints(fingerprint(query), fingerprint(track));
    expect(match !== null && isSameRecording(match)).toBe(false);
  });

  test('does not match a shared loop when the rest of the overlap differs', () => {
    const loop = words(40, 12);
    const query = Uint32Array.from([...words(300, 13), ...loop, ...words(300, 14)]);
    const track = Uint32Array.from([...words(300, 15), ...loop, ...words(300, 16)]);
    const match = matchFingerprints(fingerprint(query), fingerprint(track));
    expect(match?.bitErrorRate).toBeLessThan(0.1);
    expect(match && isSameRecording(match)).toBe(false);
  });

  test('finds nothing in empty fingerprints, and refuses fingerprints of another kind', () => {
    expect(matchFingerprints(fingerprint(new Uint32Array()), fingerprint(words(100, 17)))).toBeNull();
    expect(matchFingerprints(fingerprint(words(100, 18)), fingerprint(new Uint32Array()))).toBeNull();
    expect(() => matchFingerprints({ items: words(9, 1), itemSec: 0.1 }, fingerprint(words(9, 1)))).toThrow(RangeError);
  });
});

describe('chromaprint of real audio', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-fingerprint-'));
    // Forty seconds of chords that change every half second and never repeat: music enough for chroma.
    const voice = (step: number) => `0.2*sin(2*PI*t*220*pow(2,mod(floor(2*t)*${step}+floor(t*t/7),24)/12))`;
    const chord = [5, 7, 11].map(voice).join('+');
    ffmpeg(['-f', 'lavfi', '-i', `aevalsrc='${chord}':d=40:s=44100`, file('track.wav')]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const file = (name: string) => path.join(folder, name);
  const ffmpeg = (args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
  const fingerprintOf = (name: string): Fingerprint => {
    ffmpeg(['-i', file(name), '-ac', '1', '-ar', '16000', '-f', 'chromaprint', '-fp_format', 'raw', file('raw')]);
    const bytes = execFileSync('cat', [file('raw')]);
    return { items: new Uint32Array(Uint8Array.from(bytes).buffer), itemSec: 1365 / 11_025 };
  };

  test.each([
    ['mp3 at 64 kbit/s, quieter, with 3 dB of EQ', ['-af', 'volume=-12dB,bass=g=3,treble=g=-3', '-b:a', '64k'], 'mp3'],
    ['louder into clipping', ['-af', 'volume=6dB'], 'wav'],
    ['brighter by 3 dB', ['-af', 'bass=g=-3,treble=g=3'], 'wav'],
  ])('recognises an excerpt after %s, with an offset right to 0.2 s', (_name, args, extension) => {
    const copy = `copy.${extension}`;
    ffmpeg(['-ss', '13.37', '-t', '10', '-i', file('track.wav'), ...args, file(copy)]);
    const match = matchFingerprints(fingerprintOf(copy), fingerprintOf('track.wav'));
    expect(match && isSameRecording(match)).toBe(true);
    expect(Math.abs((match?.offsetSec ?? 0) - 13.37)).toBeLessThan(0.2);
  });
});
