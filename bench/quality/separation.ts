/** How well a number tells right answers from others: areas under the ROC curve, limits, a logistic model. Pure. */
import { seededRandom } from '../../src/io/random.ts';
import { type Calibration, confidenceOf } from '../../src/ranking/calibration.ts';
import { type Estimate, interval } from './metrics.ts';

/** @property unit observations of one unit are drawn together: they are not independent */
export interface Observation {
  readonly unit: string;
  readonly value: number;
}

export interface Separation {
  readonly wanted: readonly Observation[];
  readonly others: readonly Observation[];
}

const drawsMax = 1000;
const seed = 20_261;

/** Area under the ROC curve: the probability that a wanted observation has the higher value; ties count a half.
 *
 *  @returns with a 95 % bootstrap interval over units; NaN if one of the lists is empty */
export function estimateArea(separation: Separation): Estimate {
  return estimateAreas([separation], ([area = Number.NaN]) => area);
}

/** The area of the second minus that of the first, with the same draws of units for both. */
export function estimateAreaGain(first: Separation, second: Separation): Estimate {
  return estimateAreas([first, second], ([before = Number.NaN, after = Number.NaN]) => after - before);
}

function estimateAreas(separations: readonly Separation[], of: (areas: readonly number[]) => number): Estimate {
  const units = [
    ...new Set(separations.flatMap(({ wanted, others }) => [...wanted, ...others].map(({ unit }) => unit))),
  ].sort();
  const places = new Map(units.map((unit, place) => [unit, place]));
  const areas = separations.map((separation) => areaByWeights(separation, places));
  const random = seededRandom(seed);
  const drawn: number[] = [];
  for (let draw = 0; draw < drawsMax; draw++) {
    const weights = new Uint16Array(units.length);
    for (let i = 0; i < units.length; i++) {
      const place = Math.floor(random() * units.length);
      weights[place] = (weights[place] ?? 0) + 1;
    }
    drawn.push(of(areas.map((area) => area(weights))));
  }
  return { mean: of(areas.map((area) => area(new Uint16Array(units.length).fill(1)))), ...interval(drawn) };
}

/** Sorts once, so that each draw is one pass. */
function areaByWeights({ wanted, others }: Separation, places: ReadonlyMap<string, number>) {
  const all = [
    ...wanted.map(({ unit, value }) => ({ place: places.get(unit) ?? 0, value, isWanted: true })),
    ...others.map(({ unit, value }) => ({ place: places.get(unit) ?? 0, value, isWanted: false })),
  ].sort((a, b) => a.value - b.value);
  return (weights: Uint16Array): number => {
    let [wins, wantedBefore, othersBefore] = [0, 0, 0];
    for (let from = 0; from < all.length; ) {
      let [wantedHere, othersHere] = [0, 0];
      let to = from;
      for (; to < all.length && all[to]?.value === all[from]?.value; to++) {
        const weight = weights[all[to]?.place ?? 0] ?? 0;
        if (all[to]?.isWanted) wantedHere += weight;
        else othersHere += weight;
      }
      wins += wantedHere * (othersBefore + othersHere / 2);
      wantedBefore += wantedHere;
      othersBefore += othersHere;
      from = to;
    }
    return wins / (wantedBefore * othersBefore);
  };
}

/** The lowest limit at which at most `shareMax` of the observations pass (value >= limit).
 *
 *  @param shareMax [0, 1)
 *  @returns in hundredths, as people read a match; 1.01 if all limits let more pass */
export function lowestLimit(observations: readonly Observation[], shareMax: number): number {
  for (let hundredths = 0; hundredths <= 100; hundredths++) {
    if (sharePassing(observations, hundredths / 100) <= shareMax) return hundredths / 100;
  }
  return 1.01;
}

export function sharePassing(observations: readonly Observation[], limit: number): number {
  return observations.filter(({ value }) => value >= limit).length / observations.length;
}

export interface LimitOfHalf {
  readonly limit: Estimate;
  /** The share of the other half's observations that pass it. */
  readonly passing: Estimate;
}

/** What a limit is worth that is chosen on the observations themselves: chosen on half of the units, tested on the other half.
 *
 *  @returns medians and the middle 95 % of 1,000 draws of the half */
export function limitOfHalf(observations: readonly Observation[], shareMax: number): LimitOfHalf {
  const units = [...new Set(observations.map(({ unit }) => unit))].sort();
  const random = seededRandom(seed);
  const limits: number[] = [];
  const shares: number[] = [];
  for (let draw = 0; draw < drawsMax; draw++) {
    const shuffled = units.map((unit) => ({ unit, at: random() })).sort((a, b) => a.at - b.at);
    const chosen = new Set(shuffled.slice(0, Math.floor(units.length / 2)).map(({ unit }) => unit));
    const limit = lowestLimit(
      observations.filter(({ unit }) => chosen.has(unit)),
      shareMax,
    );
    limits.push(limit);
    shares.push(
      sharePassing(
        observations.filter(({ unit }) => !chosen.has(unit)),
        limit,
      ),
    );
  }
  return { limit: middle(limits), passing: middle(shares) };
}

function middle(values: readonly number[]): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  return { mean: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, ...interval(values) };
}

type LogisticModel = Pick<Calibration, 'intercept' | 'slope'>;

/** First results, their match and whether they are right; those of a group together have the same weight as another group's. */
export interface Judged {
  readonly group: string;
  readonly match: number;
  readonly isRight: boolean;
}

/** By Newton's method on ln(match + 0.02). @see confidenceOf */
export function fitLogistic(cases: readonly Judged[]): LogisticModel {
  const sizes = Map.groupBy(cases, ({ group }) => group);
  let intercept = 0;
  let slope = 0;
  for (let round = 0; round < 30; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6];
    for (const { match, isRight, group } of cases) {
      const x = Math.log(match + 0.02);
      const p = 1 / (1 + Math.exp(-(intercept + slope * x)));
      const weight = 1 / (sizes.get(group)?.length ?? 1);
      g0 += weight * (Number(isRight) - p);
      g1 += weight * (Number(isRight) - p) * x;
      h00 += weight * p * (1 - p);
      h01 += weight * p * (1 - p) * x;
      h11 += weight * p * (1 - p) * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { intercept, slope };
}

/** Mean squared error of the probability; lower is better. */
export function brierScore(cases: readonly Judged[], model: LogisticModel): number {
  const errors = cases.map(({ match, isRight }) => (confidenceOf(match, model) - Number(isRight)) ** 2);
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}
