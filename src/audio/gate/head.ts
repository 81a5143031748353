/** Scores each kind of sound from the features of a moment: the trained part of the gate, and its rules. Pure.
 *
 *  Two layers of a few hundred weights (weights.ts; made as in training/gate/README.md).
 */
import { isApplause, isPlainNoise, isSteadyNoise } from './rules.ts';
import { gateWeights } from './weights.ts';

export const soundKinds = ['music', 'applause', 'noise'] as const;
export type SoundKind = (typeof soundKinds)[number];

/** Features are clamped to this many standard deviations, so that the head does not extrapolate to certainty. */
const deviationsMax = 4;

/** @param features as momentFeatures gives them
 *  @returns shape [soundKinds], natural logarithms of probabilities */
export function scoreSound(features: Float64Array): Float64Array {
  const { centre, scale, hidden, hiddenBias, out, outBias } = gateWeights;
  const count = centre.length;
  const standard = Float64Array.from(features, (value, i) => {
    const deviations = (value - (centre[i] as number)) / (scale[i] as number);
    return Math.min(deviationsMax, Math.max(-deviationsMax, deviations));
  });
  const inner = hiddenBias.map((bias, unit) => Math.tanh(bias + product(hidden, unit * count, standard)));
  const scores = outBias.map((bias, kind) => bias + product(out, kind * inner.length, inner));
  const highest = Math.max(...scores);
  const logSum = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
  return Float64Array.from(scores, (score) => score - logSum);
}

/** What a rule that holds adds, as a logarithm of odds: the first is all but certain, the second what music is
 *  favoured by. */
const certainBonus = 8;
const plainNoiseBonus = 3;

/** @returns shape [soundKinds]: `scoreSound`, and what the rules add */
export function classScores(features: Float64Array): Float64Array {
  const scores = scoreSound(features);
  const add = (kind: SoundKind, bonus: number) => {
    const at = soundKinds.indexOf(kind);
    scores[at] = (scores[at] as number) + bonus;
  };
  if (isApplause(features)) add('applause', certainBonus);
  else if (isSteadyNoise(features)) add('noise', certainBonus);
  else if (isPlainNoise(features)) add('noise', plainNoiseBonus);
  return scores;
}

function product(weights: readonly number[], from: number, values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (weights[from + i] as number) * (values[i] as number);
  return sum;
}
