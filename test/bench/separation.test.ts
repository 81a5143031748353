import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  brierScore,
  estimateArea,
  estimateAreaGain,
  fitLogistic,
  limitOfHalf,
  lowestLimit,
  type Observation,
  sharePassing,
} from '../../bench/quality/separation.ts';
import { seededRandom } from '../../src/io/random.ts';
import { confidenceOf } from '../../src/ranking/calibration.ts';

const anyObservations = fc.array(
  fc.record({ unit: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.integer({ min: 0, max: 10 }).map((n) => n / 10) }),
  { minLength: 1, maxLength: 30 },
);

function areaByPairs(wanted: readonly Observation[], others: readonly Observation[]): number {
  const wins = wanted.flatMap(({ value }) => others.map((other) => (Math.sign(value - other.value) + 1) / 2));
  return wins.reduce((sum, won) => sum + won, 0) / wins.length;
}

describe('the area under the ROC curve', () => {
  test('is the share of pairs in which the wanted one is higher', () => {
    fc.assert(
      fc.property(anyObservations, anyObservations, (wanted, others) => {
        expect(estimateArea({ wanted, others }).mean).toBeCloseTo(areaByPairs(wanted, others), 10);
      }),
      { numRuns: 30 },
    );
  });

  test('has an interval, the same on every run', () => {
    const random = seededRandom(1);
    const draw = (shift: number) =>
      Array.from({ length: 60 }, (_, at) => ({ unit: `${at % 20}`, value: random() + shift }));
    const separation = { wanted: draw(0.3), others: draw(0) };
    const area = estimateArea(separation);
    expect(area.low).toBeLessThan(area.mean);
    expect(area.high).toBeGreaterThan(area.mean);
    expect(estimateArea(separation)).toEqual(area);
  });

  test('of a model is not larger than its own', () => {
    fc.assert(
      fc.property(anyObservations, anyObservations, (wanted, others) => {
        const gain = estimateAreaGain({ wanted, others }, { wanted, others });
        expect(gain.mean).toBe(0);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the lowest limit', () => {
  const observations = [0.1, 0.2, 0.3, 0.4].map((value, at) => ({ unit: `${at}`, value }));

  test('lets at most the share pass', () => {
    expect(lowestLimit(observations, 0.25)).toBe(0.31);
    expect(lowestLimit(observations, 0)).toBe(0.41);
    expect(sharePassing(observations, 0.3)).toBe(0.5);
  });

  test('is above all matches if all of them are full', () => {
    expect(lowestLimit([{ unit: 'a', value: 1 }], 0)).toBeGreaterThan(1);
  });

  test('is tested on units that did not choose it', () => {
    const random = seededRandom(2);
    const many = Array.from({ length: 400 }, (_, at) => ({ unit: `${at}`, value: random() }));
    const { limit, passing } = limitOfHalf(many, 0.3);
    expect(limit.mean).toBeCloseTo(0.7, 1);
    expect(passing.mean).toBeCloseTo(0.3, 1);
    expect(passing.low).toBeLessThan(passing.high);
  });
});

describe('the logistic model', () => {
  const truth = { intercept: 1, slope: 1.5 };
  const random = seededRandom(3);
  const cases = Array.from({ length: 20_000 }, () => {
    const match = random();
    return { group: 'all', match, isRight: random() < confidenceOf(match, truth) };
  });

  test('finds the coefficients that made the cases', () => {
    const { intercept, slope } = fitLogistic(cases);
    expect(Math.abs(intercept - truth.intercept)).toBeLessThan(0.15);
    expect(Math.abs(slope - truth.slope)).toBeLessThan(0.15);
  });

  test('has a better Brier score than a wrong one', () => {
    expect(brierScore(cases, fitLogistic(cases))).toBeLessThan(brierScore(cases, { intercept: -1, slope: 1.5 }));
  });
});
