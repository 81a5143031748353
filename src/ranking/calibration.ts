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

/** By model name. Source: `npm run bench:quality -- verdicts`, development half; the tables and the ROC are in bench/QUALITY.md,
 *  "Verdicts". Closeness, agreement, the lead over the second result and the number of chunks were tried as further inputs: none
 *  of them improved the separation of right and wrong first results (area under the curve .77 to .78).
 *
 *  The verdict depends on the match only. The coefficients of `builtin` describe first results of `musicnn` too where its limit is,
 *  so only the limit differs: a match of 29 in place of 30 (decision 065). */
const calibrations: Readonly<Record<string, Calibration>> = {
  builtin: { intercept: 1.5, slope: 1.21, soundsLikeFrom: 0.53, nothingCloseBelow: 0.08 },
  musicnn: { intercept: 1.5, slope: 1.21, soundsLikeFrom: 0.52, nothingCloseBelow: 0.08 },
};

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
