import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Between, stepsBetween } from '../../src/ranking/sonic-path.ts';

const anyCandidates: fc.Arbitrary<Between[]> = fc.uniqueArray(
  fc.record({
    trackId: fc.integer({ min: 1, max: 50 }),
    toStart: fc.double({ min: 0, max: 1, noNaN: true }),
    toEnd: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { selector: ({ trackId }) => trackId, maxLength: 20 },
);

describe('steps between two tracks', () => {
  test('go from what is nearer to the start to what is nearer to the end, by tracks that are near to both', () => {
    const candidates = [
      { trackId: 1, toStart: 0.2, toEnd: 0.9 },
      { trackId: 2, toStart: 0.9, toEnd: 0.2 },
      { trackId: 3, toStart: 0.5, toEnd: 0.5 },
      { trackId: 4, toStart: 1, toEnd: 0 },
      { trackId: 5, toStart: 0.1, toEnd: 0.1 },
    ];
    expect(stepsBetween(candidates, 3)).toEqual([2, 3, 1]);
    expect(stepsBetween(candidates, 1)).toEqual([3]);
    expect(stepsBetween(candidates, 0)).toEqual([]);
    expect(() => stepsBetween(candidates, -1)).toThrow(RangeError);
  });

  test('are candidates, each once, at most as many as asked for, and turned round when the ends are exchanged', () => {
    fc.assert(
      fc.property(anyCandidates, fc.integer({ min: 0, max: 25 }), (candidates, count) => {
        const steps = stepsBetween(candidates, count);
        expect(steps.length).toBeLessThanOrEqual(count);
        expect(new Set(steps).size).toBe(steps.length);
        const byId = new Map(candidates.map((each) => [each.trackId, each]));
        const leans = steps.map((id) => (byId.get(id)?.toEnd ?? 0) - (byId.get(id)?.toStart ?? 0));
        expect(leans).toEqual([...leans].sort((a, b) => a - b));
        const back = stepsBetween(
          candidates.map(({ trackId, toStart, toEnd }) => ({ trackId, toStart: toEnd, toEnd: toStart })),
          count,
        );
        expect(new Set(back)).toEqual(new Set(steps));
      }),
    );
  });
});
