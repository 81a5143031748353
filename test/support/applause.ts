/** Synthetic applause: random claps, each a noise burst that decays within milliseconds, with its own resonance. */

/** @see Numerical Recipes, "quick and dirty" linear congruential generator. Uniform in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @returns mono samples, 60 claps a second */
export function makeApplause(sampleRateHz: number, durationSec: number, seed = 7): Float32Array {
  const random = randomFrom(seed);
  const samples = new Float32Array(durationSec * sampleRateHz);
  for (let clap = 0; clap < durationSec * 60; clap += 1) {
    const at = Math.floor(random() * samples.length);
    const strength = 0.05 + 0.3 * random() ** 2;
    const cavity = (2 * Math.PI * (700 + 1800 * random())) / sampleRateHz;
    const decaySamples = (0.001 + 0.002 * random()) * sampleRateHz;
    for (let i = 0; i < 0.02 * sampleRateHz && at + i < samples.length; i += 1) {
      const noise = Math.sin(cavity * i) + 0.5 * (random() - 0.5);
      samples[at + i] = (samples[at + i] as number) + strength * noise * Math.exp(-i / decaySamples);
    }
  }
  return samples;
}
