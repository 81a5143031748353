/** How much a sound is like noise: the gate's measure without its bias towards music. */
import { scoreSound, soundKinds } from './head.ts';
import { measureWindow } from './moments.ts';

export interface Noisiness {
  /** Mean likelihood of its moments not to be music, 0 to 1. Silence is 1. */
  readonly noisiness: number;
  /** Standard deviation of the moments' loud levels, dB. */
  readonly levelSpreadDb: number;
}

/** @param samples mono, finite, a second and more */
export function noisinessOf(samples: Float32Array, sampleRateHz: number): Noisiness {
  const { moments } = measureWindow(samples, sampleRateHz);
  const music = soundKinds.indexOf('music');
  const likelihoods = moments.flatMap(({ features }) =>
    features ? [1 - Math.exp(scoreSound(features)[music] as number)] : [],
  );
  const levels = moments.map(({ loudDb }) => loudDb);
  const usual = mean(levels);
  return {
    noisiness: likelihoods.length === 0 ? 1 : mean(likelihoods),
    levelSpreadDb: Math.sqrt(mean(levels.map((level) => (level - usual) ** 2))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
