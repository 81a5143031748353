import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimate, estimateGain, type Outcome } from '../../bench/quality/metrics.ts';

const anyOutcomes = fc.array(
  fc.record({
    group: fc.constantFrom('a', 'b', 'c'),
    relevant: fc.array(fc.boolean(), { maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 30 },
);

describe('retrieval measures', () => {
  test('match a count by hand for one answer list', () => {
    const outcomes: Outcome[] = [{ group: 'a', relevant: [false, true, false, true, false, true] }];
    expect(estimate(outcomes, 'P@1').mean).toBe(0);
    expect(estimate(outcomes, 'P@5').mean).toBe(0.4);
    expect(estimate(outcomes, 'MRR').mean).toBe(0.5);
  });

  test('count a query without results as wrong', () => {
    expect(estimate([{ group: 'a', relevant: [] }], 'MRR').mean).toBe(0);
  });

  test('are within their interval and the same on every run', () => {
    fc.assert(
      fc.property(anyOutcomes, (outcomes) => {
        const first = estimate(outcomes, 'MRR');
        expect(first.low).toBeLessThanOrEqual(first.high);
        expect(estimate(outcomes, 'MRR')).toEqual(first);
      }),
      { numRuns: 30 },
    );
  });

  test('show no gain of a system over itself', () => {
    fc.assert(
      fc.property(anyOutcomes, (outcomes) => {
        expect(estimateGain(outcomes, outcomes, 'P@1')).toEqual({ mean: 0, low: 0, high: 0 });
      }),
      { numRuns: 30 },
    );
  });

  test('refuse to compare answers to different queries', () => {
    expect(() => estimateGain([], [{ group: 'a', relevant: [] }], 'P@1')).toThrow(RangeError);
  });
});
