import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  distanceInWords,
  fileStem,
  formatBytes,
  formatDuration,
  formatTime,
  oneLine,
  parseTime,
} from '../src/format.ts';

describe('times', () => {
  test('are written as players show them', () => {
    expect([0, 40.9, 190, 3725, -75].map(formatTime)).toEqual(['0:00', '0:40', '3:10', '1:02:05', '-1:15']);
  });

  test('are read back as they were written, to the second', () => {
    fc.assert(fc.property(fc.nat(360_000), (seconds) => parseTime(formatTime(seconds)) === seconds));
  });

  test('may be plain seconds, with a fraction', () => {
    expect([parseTime('80'), parseTime('1:20.5'), parseTime(' 0:07 ')]).toEqual([80, 80.5, 7]);
  });

  test.each(['', 'soon', '1:60', '1:75:00', '-3', '1:', '1::2', 'NaN', '1e3'])(
    'are refused when they are "%s"',
    (text) => {
      expect(() => parseTime(text)).toThrow(RangeError);
    },
  );
});

describe("uses the original system's words for distances", () => {
  test.each([
    [0, 'identical'],
    [0.1, 'very similar'],
    [0.2, 'similar'],
    [0.5, 'similar'],
    [0.51, 'less similar'],
    [2, 'less similar'],
  ])('%f is %s', (distance, words) => {
    expect(distanceInWords(distance)).toBe(words);
  });
});

test('oneLine removes control characters and direction marks, and cuts to the limit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, lengthMax) => {
      const line = oneLine(text, lengthMax);
      expect([...line].length).toBeLessThanOrEqual(lengthMax);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test('writes amounts in readable units', () => {
  expect([0, 999, 1000, 153_000_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '153 MB']);
  expect([2.34, 45, 720, 12_240].map(formatDuration)).toEqual(['2.3 s', '45 s', '12 min', '3.4 h']);
});

test('names a file without folders and extension', () => {
  expect(['a/b/c.d.mp3', '.hidden', 'plain'].map(fileStem)).toEqual(['c.d', '.hidden', 'plain']);
});
