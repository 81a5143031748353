import { describe, expect, test } from 'vitest';
import { atRate } from '../../../src/audio/gate/rate.ts';

function tone(hz: number, rateHz: number): Float32Array {
  return Float32Array.from({ length: rateHz }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rateHz));
}

function toRate(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  const { length, stretch } = atRate(samples, fromHz, toHz);
  return stretch(0, length);
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

test('leaves samples at the right rate unchanged', () => {
  const samples = tone(440, 16_000);
  expect(toRate(samples, 16_000, 16_000)).toEqual(samples);
});

test('a stretch is a part of the whole, and ends where the window does', () => {
  const samples = tone(440, 44_100);
  const { length, stretch } = atRate(samples, 44_100, 16_000);
  expect(stretch(5000, 300)).toEqual(toRate(samples, 44_100, 16_000).subarray(5000, 5300));
  expect(stretch(length - 10, 300)).toHaveLength(10);
});

describe.each([8000, 22_050, 24_000, 44_100, 48_000])('from %i Hz', (rateHz) => {
  test('keeps the duration and the pitch', () => {
    const out = toRate(tone(1000, rateHz), rateHz, 16_000);
    const wanted = tone(1000, 16_000);
    expect(Math.abs(out.length - 16_000)).toBeLessThanOrEqual(1);
    // The kernel has less to hold on to at both ends.
    const error = out.subarray(100, 15_900).map((sample, i) => sample - (wanted[i + 100] as number));
    expect(rms(error)).toBeLessThan(0.02);
  });
});

test('does not alias frequencies above the lower rate', () => {
  expect(rms(toRate(tone(12_000, 48_000), 48_000, 16_000))).toBeLessThan(0.01);
});
