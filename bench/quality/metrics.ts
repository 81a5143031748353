/** Retrieval measures with bootstrap intervals. Pure. */
import { seededRandom } from '../../src/io/random.ts';

/** The outcome of one query: whether each answer, best first, is right. */
export interface Outcome {
  /** Outcomes of one group (the chunks of one recording) are drawn together: they are not independent. */
  readonly group: string;
  readonly relevant: readonly boolean[];
}

export interface Estimate {
  readonly mean: number;
  /** 95 % bootstrap interval over groups. */
  readonly low: number;
  readonly high: number;
}

export type MeasureName = 'P@1' | 'P@5' | 'MRR';

/** P@5: share of the first five answers, missing answers counting as wrong. MRR: 1 / rank of the first right one. */
const measures: Record<MeasureName, (relevant: readonly boolean[]) => number> = {
  'P@1': (relevant) => (relevant[0] ? 1 : 0),
  'P@5': (relevant) => relevant.slice(0, 5).filter(Boolean).length / 5,
  MRR: (relevant) => {
    const first = relevant.indexOf(true);
    return first < 0 ? 0 : 1 / (first + 1);
  },
};

export const measureNames = Object.keys(measures) as readonly MeasureName[];

const drawsMax = 1000;
const bootstrapSeed = 20_260;

/** @returns the mean over all outcomes, with a deterministic interval */
export function estimate(outcomes: readonly Outcome[], measure: MeasureName): Estimate {
  const values = outcomes.map(({ group, relevant }) => ({ group, value: measures[measure](relevant) }));
  return estimateMean(values);
}

export function estimateMean(values: readonly { group: string; value: number }[]): Estimate {
  const sums = [...Map.groupBy(values, ({ group }) => group).values()].map((own) => ({
    sum: own.reduce((sum, { value }) => sum + value, 0),
    count: own.length,
  }));
  const random = seededRandom(bootstrapSeed);
  const means = Array.from({ length: drawsMax }, () => {
    let sum = 0;
    let count = 0;
    for (let draw = 0; draw < sums.length; draw++) {
      const drawn = sums[Math.floor(random() * sums.length)];
      sum += drawn?.sum ?? 0;
      count += drawn?.count ?? 0;
    }
    return count === 0 ? 0 : sum / count;
  });
  const total = sums.reduce((all, { sum }) => all + sum, 0);
  return { mean: values.length === 0 ? Number.NaN : total / values.length, ...interval(means) };
}

/** The middle 95 % of what was drawn; values that are NaN do not count. */
export function interval(drawn: readonly number[]): Pick<Estimate, 'low' | 'high'> {
  const sorted = drawn.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}

/** The paired difference first - second: the same draws for both, so that common variation cancels out. */
export function estimateGain(first: readonly Outcome[], second: readonly Outcome[], measure: MeasureName): Estimate {
  if (first.length !== second.length) throw new RangeError('Cannot compare: expected the same questions for both');
  return estimateMean(
    first.map(({ group, relevant }, at) => ({
      group,
      value: measures[measure](relevant) - measures[measure](second[at]?.relevant ?? []),
    })),
  );
}

export function formatEstimate({ mean, low, high }: Estimate): string {
  const short = (value: number): string => value.toFixed(3).replace(/^(-?)0\./, '$1.');
  return `${short(mean)} [${short(low)}, ${short(high)}]`;
}
