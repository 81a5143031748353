/** Test signals that Python and TypeScript compute identically: 16-bit samples from formulas and integer noise.
 *
 *  The same formulas are in training/reference/signals.py. The sines of two mathematics libraries may differ in their
 *  last bit; rounding to 16 bits hides that, and every fixture carries the checksum of its signal.
 */
import { createHash } from 'node:crypto';

export const signalKinds = ['sweep', 'chord', 'noise', 'silence', 'impulse', 'square'] as const;
export type SignalKind = (typeof signalKinds)[number];

export interface ReferenceSignal {
  readonly kind: SignalKind;
  readonly seed: number;
  readonly samples: number;
}

/** @returns whole multiples of 1 / 32768 in [-1, 1), shape [samples] */
export function referenceSignal({ kind, seed, samples }: ReferenceSignal, sampleRateHz: number): Float32Array {
  const hiss = noise(seed);
  const level = levels[kind];
  return Float32Array.from({ length: samples }, (_, i) => {
    const value = Math.floor(level(i, sampleRateHz, hiss, seed) * 32_768 + 0.5);
    return Math.min(32_767, Math.max(-32_768, value)) / 32_768;
  });
}

/** Of the samples as 16-bit little-endian whole numbers. */
export function sha256OfSignal(samples: Float32Array): string {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => void bytes.writeInt16LE(sample * 32_768, i * 2));
  return createHash('sha256').update(bytes).digest('hex');
}

type Level = (i: number, sampleRateHz: number, hiss: () => number, seed: number) => number;

const levels: Record<SignalKind, Level> = {
  // From 60 Hz upwards; the noise under it, at -60 dB, is what every recording has.
  sweep: (i, rateHz, hiss) => {
    const t = i / rateHz;
    return 0.6 * Math.sin(2 * Math.PI * t * (60 + 300 * t)) + hiss() / 300;
  },
  chord: (i, rateHz, hiss, seed) => {
    const t = i / rateHz;
    let value = 0;
    for (const root of [220, 277, 330 + seed]) {
      for (let k = 1; k < 9; k++) value += (0.08 / k) * Math.sin(2 * Math.PI * root * k * t);
    }
    return value * (1 + 0.5 * Math.sin(2 * Math.PI * 1.5 * t)) + hiss() / 1000;
  },
  noise: (_i, _rateHz, hiss) => hiss() / 2,
  silence: () => 0,
  impulse: (i) => (i % 24_000 === 1000 ? 1 : 0),
  square: (i, rateHz) => (Math.floor((200 * i) / rateHz) % 2 === 0 ? 1 : -1),
};

/** Uniform in [-0.5, 0.5). Numerical Recipes' linear congruential generator, modulo 2 ** 32. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}
