import { describe, expect, test } from 'vitest';
import { toRate } from '../../src/audio/gate-rate.ts';

function tone(hz: number, rateHz: number): Float32Array {
  return Float32Array.from({ length: rateHz }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rateHz));
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

test('the right rate is left as it is', () => {
  const samples = tone(440, 16_000);
  expect(toRate(samples, 16_000, 16_000)).toBe(samples);
});

describe.each([8000, 22_050, 24_000, 44_100, 48_000])('from %i Hz', (rateHz) => {
  test('a second stays a second, and a tone the same tone', () => {
    const out = toRate(tone(1000, rateHz), rateHz, 16_000);
    const wanted = tone(1000, 16_000);
    expect(Math.abs(out.length - 16_000)).toBeLessThanOrEqual(1);
    // The kernel has less to hold on to at both ends.
    const error = out.subarray(100, 15_900).map((sample, i) => sample - (wanted[i + 100] as number));
    expect(rms(error)).toBeLessThan(0.02);
  });
});

test('what the lower rate cannot hold does not come back as something else', () => {
  expect(rms(toRate(tone(12_000, 48_000), 48_000, 16_000))).toBeLessThan(0.01);
});
