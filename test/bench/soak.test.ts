import { expect, it } from 'vitest';
import { renderSoakBench, type SoakBenchResult, slopeOf } from '../../bench/bot/soak.ts';

const mebibyte = 2 ** 20;

it('finds the slope under noise that has none', () => {
  expect(slopeOf([1, 3, 5, 7])).toBeCloseTo(2);
  expect(slopeOf([5, 6, 5, 6, 5])).toBeCloseTo(0);
});

it('misses the target when memory grows by 2 MiB of 100 in each hundred queries, not when it grows only at the start', () => {
  const growing = soakOf((query) => 100 + query / 50);
  const settling = soakOf((query) => 100 + Math.min(query, 150) / 5);
  expect(renderSoakBench(growing)).toContain('NO');
  expect(renderSoakBench(settling)).toContain('yes');
});

function soakOf(mebibytesAfter: (query: number) => number): SoakBenchResult {
  const samples = Array.from({ length: 200 }, (_, at) => {
    return { resident: mebibytesAfter((at + 1) * 5) * mebibyte, heap: 50 * mebibyte, external: 5 * mebibyte };
  });
  return { queries: 1000, answered: 1000, samples };
}
