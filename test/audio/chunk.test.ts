import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AudioWindow, cutWindows, durationMinSec, tailMinSec } from '../../src/audio/chunk.ts';

const sampleRateHz = 100;

/** A recording whose samples hold their own position, in parts of any size. */
async function* recording(length: number, pieceSizes: readonly number[]): AsyncGenerator<Float32Array> {
  for (let at = 0, piece = 0; at < length; piece += 1) {
    const size = Math.min(pieceSizes[piece % pieceSizes.length] as number, length - at);
    yield Float32Array.from({ length: size }, (_, i) => at + i);
    at += size;
  }
}

function cut(
  length: number,
  windowSec = 5,
  startSec = 0,
  pieceSizes: readonly number[] = [64],
): Promise<AudioWindow[]> {
  return Array.fromAsync(cutWindows(recording(length, pieceSizes), { sampleRateHz, windowSec, startSec }));
}

const anyCut = fc.record({
  length: fc.integer({ min: Math.ceil(durationMinSec * sampleRateHz), max: 6000 }),
  windowSec: fc.constantFrom(5, 7.5, 10),
  startSec: fc.constantFrom(0, 80, 12.34),
  pieceSizes: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
});

const property = (
  check: (windows: AudioWindow[], given: { length: number; windowSec: number; startSec: number }) => void,
) =>
  fc.assert(
    fc.asyncProperty(anyCut, async (given) => {
      check(await cut(given.length, given.windowSec, given.startSec, given.pieceSizes), given);
    }),
  );

describe('windows of any recording', () => {
  test('are numbered from 0 without gaps, in order of time', () =>
    property((windows) => {
      expect(windows.map(({ span }) => span.index)).toEqual(windows.map((_, i) => i));
      for (let i = 1; i < windows.length; i += 1) {
        expect(windows[i]?.span.startSec).toBeGreaterThan(windows[i - 1]?.span.startSec as number);
      }
    }));

  test('all have the length of one window', () =>
    property((windows, { windowSec }) => {
      for (const { samples } of windows) expect(samples.length).toBe(windowSec * sampleRateHz);
    }));

  test('cover the whole recording except a rest too short for a tail', () =>
    property((windows, { length, startSec }) => {
      let coveredSec = startSec;
      for (const { span } of windows) {
        expect(span.startSec).toBeLessThanOrEqual(coveredSec + 1e-9);
        expect(span.startSec + span.overlapSec).toBeCloseTo(coveredSec, 9);
        coveredSec = span.endSec;
      }
      const endSec = startSec + length / sampleRateHz;
      expect(coveredSec).toBeLessThanOrEqual(endSec + 1e-9);
      expect(endSec - coveredSec).toBeLessThan(tailMinSec);
    }));

  test('contain the samples of their time span', () =>
    property((windows, { length, startSec }) => {
      for (const { span, samples } of windows) {
        const first = Math.round((span.startSec - startSec) * sampleRateHz);
        const size = Math.min(length, samples.length);
        expect(samples[0]).toBe(first);
        expect(samples[size - 1]).toBe(first + size - 1);
      }
    }));

  test('do not depend on how the samples are split', () =>
    fc.assert(
      fc.asyncProperty(anyCut, async ({ length, windowSec, startSec, pieceSizes }) => {
        expect(await cut(length, windowSec, startSec, pieceSizes)).toEqual(
          await cut(length, windowSec, startSec, [length]),
        );
      }),
    ));
});

test('makes the last full window the tail, and records how much of it overlaps the window before', async () => {
  const windows = await cut(1200, 5);
  expect(windows.map(({ span }) => [span.startSec, span.endSec, span.overlapSec])).toEqual([
    [0, 5, 0],
    [5, 10, 0],
    [7, 12, 3],
  ]);
});

test('makes no tail from a rest of less than a tenth of a second', async () => {
  expect(await cut(1009, 5)).toHaveLength(2);
  expect(await cut(1010, 5)).toHaveLength(3);
});

test('repeats a recording shorter than a window, and ends its span at the end of the recording', async () => {
  const [only, ...others] = await cut(200, 5, 60);
  expect(others).toEqual([]);
  expect(only?.span).toEqual({ index: 0, startSec: 60, endSec: 62, overlapSec: 0 });
  expect([...(only?.samples ?? [])]).toEqual(Array.from({ length: 500 }, (_, i) => i % 200));
});

test('does not pass changes that a receiver makes in one window on to the next', async () => {
  const seen: number[] = [];
  for await (const { samples } of cutWindows(recording(700, [50]), { sampleRateHz, windowSec: 5, startSec: 0 })) {
    seen.push(samples[0] as number);
    samples.fill(-1);
  }
  expect(seen).toEqual([0, 200]);
});

test.each([0, 1, 24])('refuses a recording of %i samples as too short', async (length) => {
  await expect(cut(length)).rejects.toMatchObject({ code: 'audio-too-short' });
});

test('throws a RangeError for an invalid window size', async () => {
  for (const windowSec of [0, -5, Number.NaN]) await expect(cut(500, windowSec)).rejects.toThrow(RangeError);
});

test('closes the input when the reader stops early', async () => {
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield new Float32Array(100);
    } finally {
      ended = true;
    }
  }
  for await (const _ of cutWindows(endless(), { sampleRateHz, windowSec: 5, startSec: 0 })) break;
  expect(ended).toBe(true);
});
