import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { highPass } from '../../../src/audio/gate/high-pass.ts';

const anyRate = fc.constantFrom(8000, 16_000, 44_100, 48_000);

/** @returns the gain at `hz` once the filter has settled, dB */
function gainDb(hz: number, rateHz: number): number {
  const tone = Float32Array.from({ length: 4 * rateHz }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rateHz));
  const power = (samples: Float32Array) => samples.slice(2 * rateHz).reduce((sum, sample) => sum + sample ** 2, 0);
  return 10 * Math.log10(power(highPass(tone, rateHz)) / power(tone));
}

describe.each([8000, 16_000, 44_100, 48_000])('at %i Hz', (rateHz) => {
  test('3 Hz is 30 dB down, 20 Hz 3 dB', () => {
    expect(gainDb(3, rateHz)).toBeLessThan(-30);
    expect(gainDb(20, rateHz)).toBeCloseTo(-3, 1);
  });
  test('from 40 Hz on nothing is lost', () => {
    for (const hz of [40, 100, 1000, 3000]) expect(Math.abs(gainDb(hz, rateHz))).toBeLessThan(0.3);
  });
});

test('a constant of any level becomes nothing, from the first sample on', () => {
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), anyRate, (level, rateHz) => {
      for (const sample of highPass(new Float32Array(1000).fill(level), rateHz)) expect(sample).toBeCloseTo(0, 6);
    }),
  );
});

test('the window stays as it was; no sample becomes none', () => {
  const window = Float32Array.from([0.1, -0.2, 0.3]);
  highPass(window, 16_000);
  expect([...window]).toEqual([...Float32Array.from([0.1, -0.2, 0.3])]);
  expect(highPass(new Float32Array(0), 16_000)).toHaveLength(0);
});
