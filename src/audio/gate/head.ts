/** Scores each kind of sound from the features of a moment: the trained part of the gate, and its rules. Pure.
 *
 *  Two layers of a few hundred weights (weights.ts; how they were made: training/gate/README.md). The head distinguishes
 *  crowds, speech, machines, clicks and plain noise, which are all of one kind here.
 */
import { isApplause, isNarrow, isPlainNoise, isSteadyNoise } from './rules.ts';
import { gateWeights } from './weights.ts';

export const soundKinds = ['music', 'applause', 'noise'] as const;
export type SoundKind = (typeof soundKinds)[number];

/** Features are clamped to this many standard deviations, so that the head does not extrapolate to certainty. */
const deviationsMax = 4;

/** @param features as momentFeatures gives them
 *  @returns shape [soundKinds], natural logarithms of probabilities */
export function scoreSound(features: Float64Array): Float64Array {
  const { kinds, centre, scale, hidden, hiddenBias, out, outBias } = gateWeights;
  const count = centre.length;
  const standard = Float64Array.from(features, (value, i) => {
    const deviations = (value - (centre[i] as number)) / (scale[i] as number);
    return Math.min(deviationsMax, Math.max(-deviationsMax, deviations));
  });
  const inner = hiddenBias.map((bias, unit) => Math.tanh(bias + product(hidden, unit * count, standard)));
  const scores = outBias.map((bias, output) => bias + product(out, output * inner.length, inner));
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const sum = (of: readonly number[]) => of.reduce((all, power) => all + power, 0);
  return Float64Array.from(soundKinds, (kind) =>
    Math.log(sum(powers.filter((_, output) => kinds[output] === kind)) / sum(powers)),
  );
}

/** What a rule that holds adds, as a logarithm of odds: the first is all but certain, the second somewhat more than music
 *  is favoured by. */
const certainBonus = 8;
const likelyBonus = 3;

/** @returns shape [soundKinds]: `scoreSound`, and what the rules add */
export function classScores(features: Float64Array): Float64Array {
  const scores = scoreSound(features);
  const add = (kind: SoundKind, bonus: number) => {
    const at = soundKinds.indexOf(kind);
    scores[at] = (scores[at] as number) + bonus;
  };
  if (isApplause(features)) add('applause', isNarrow(features) ? likelyBonus : certainBonus);
  else if (isSteadyNoise(features)) add('noise', certainBonus);
  else if (isPlainNoise(features)) add('noise', likelyBonus);
  return scores;
}

function product(weights: readonly number[], from: number, values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (weights[from + i] as number) * (values[i] as number);
  return sum;
}
