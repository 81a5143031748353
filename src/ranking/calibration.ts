/** The confidence of an answer: from the match of its first result to one of three verdicts. */

export interface Calibration {
  /** Logistic model: the probability that a first result with this match is right is
   *  1 / (1 + exp(-(intercept + slope * ln(match + 0.02)))). */
  readonly intercept: number;
  readonly slope: number;
  /** Minimum probability for "sounds like"; below it, the results are the nearest, but not close. */
  readonly soundsLikeFrom: number;
  /** Below this closeness the verdict is "nothing close". @see closenessIn */
  readonly nothingCloseBelow: number;
}

/** Source: `npm run bench:quality -- verdicts --model builtin --model musicnn`; the tables are in bench/QUALITY.md, "Verdicts".
 *  Closeness, agreement, the lead over the second result and the number of chunks were tried as further inputs: none of them
 *  improved the separation of right and wrong first results (area under the curve .77 to .78). */
const fromBuiltin: Calibration = { intercept: 1.5, slope: 1.21, soundsLikeFrom: 0.5, nothingCloseBelow: 0.08 };

/** By model name. A match is a share of the library's own spread, so it means much the same in every space; still, only spaces that
 *  were measured are here. In that of musicnn the limits of the built-in model pass the same shares (decision 065). */
const calibrations: Readonly<Record<string, Calibration>> = { builtin: fromBuiltin, musicnn: fromBuiltin };

/** @param spaceId starts with the model's name and `@`
 *  @returns null if that model was not calibrated */
export function calibrationOf(spaceId: string): Calibration | null {
  return calibrations[spaceId.split('@')[0] ?? ''] ?? null;
}

/** @param match of the first result, [0, 1]
 *  @returns the probability that it is right, (0, 1) */
export function confidenceOf(match: number, { intercept, slope }: Pick<Calibration, 'intercept' | 'slope'>): number {
  return 1 / (1 + Math.exp(-(intercept + slope * Math.log(match + 0.02))));
}
