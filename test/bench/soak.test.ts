import { expect, it } from 'vitest';
import { renderSoakBench, slopeOf } from '../../bench/bot/soak.ts';

const mebibyte = 2 ** 20;

it('finds the slope under noise that has none', () => {
  expect(slopeOf([1, 3, 5, 7])).toBeCloseTo(2);
  expect(slopeOf([5, 6, 5, 6, 5])).toBeCloseTo(0);
});

it('misses the target when memory grows by 2 MiB of 100 in each hundred queries, not when it grows only at the start', () => {
  const growing = Array.from({ length: 1000 }, (_, at) => (100 + at / 50) * mebibyte);
  const settling = Array.from({ length: 1000 }, (_, at) => (100 + Math.min(at, 150) / 5) * mebibyte);
  expect(renderSoakBench({ answered: 1000, residentBytes: growing })).toContain('NO');
  expect(renderSoakBench({ answered: 1000, residentBytes: settling })).toContain('yes');
});
