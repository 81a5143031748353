import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyWindow } from '../../src/audio/gate.ts';

const windowSec = 5;
const ratesHz = [16_000, 44_100, 48_000];

function sound(sampleRateHz: number, amplitudeAt: (sec: number, i: number) => number): Float32Array {
  return Float32Array.from({ length: windowSec * sampleRateHz }, (_, i) => amplitudeAt(i / sampleRateHz, i));
}

/** @see Numerical Recipes, "quick and dirty" linear congruential generator. Uniform in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A chord with partials, struck anew every half second. */
function chord(sampleRateHz: number, level = 0.1): Float32Array {
  return sound(sampleRateHz, (sec) => {
    let sum = 0;
    for (const tone of [220, 277.18, 329.63]) {
      for (let partial = 1; partial <= 6; partial += 1) sum += Math.sin(2 * Math.PI * tone * partial * sec) / partial;
    }
    return level * sum * Math.exp(-3 * (sec % 0.5));
  });
}

/** Claps at random, 60 a second: each a noise that dies away within milliseconds, in a cavity of its own. */
function applause(sampleRateHz: number): Float32Array {
  const random = randomFrom(7);
  const samples = new Float32Array(windowSec * sampleRateHz);
  for (let clap = 0; clap < windowSec * 60; clap += 1) {
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

describe.each(ratesHz)('at %i Hz', (rate) => {
  test('a chord is music', () => expect(classifyWindow(chord(rate), rate).kind).toBe('music'));
  test('a quiet chord is music', () => expect(classifyWindow(chord(rate, 0.005), rate).kind).toBe('music'));
  test('digital silence is silence', () =>
    expect(
      classifyWindow(
        sound(rate, () => 0),
        rate,
      ).kind,
    ).toBe('silence'));
  test('a constant is silence', () =>
    expect(
      classifyWindow(
        sound(rate, () => 0.4),
        rate,
      ).kind,
    ).toBe('silence'));
  test('dither is silence', () => {
    const random = randomFrom(1);
    expect(
      classifyWindow(
        sound(rate, () => (random() - random()) / 32_768),
        rate,
      ).kind,
    ).toBe('silence');
  });
  test('white noise is noise', () => {
    const random = randomFrom(2);
    expect(
      classifyWindow(
        sound(rate, () => 0.2 * (random() - 0.5)),
        rate,
      ).kind,
    ).toBe('noise');
  });
  test('claps without a common clock are applause', () => {
    expect(classifyWindow(applause(rate), rate).kind).toBe('applause');
  });
});

test('a few notes in a silent window are music', () => {
  const rate = 16_000;
  const samples = chord(rate).map((sample, i) => (i < rate ? sample : 0));
  expect(classifyWindow(samples, rate).kind).toBe('music');
});

describe('loudness', () => {
  test('is 0 for a full-scale square wave and -120 for nothing', () => {
    expect(
      classifyWindow(
        sound(16_000, (_, i) => (i % 40 < 20 ? 1 : -1)),
        16_000,
      ).loudnessDb,
    ).toBeCloseTo(0, 5);
    expect(
      classifyWindow(
        sound(16_000, () => 0),
        16_000,
      ).loudnessDb,
    ).toBe(-120);
  });

  test('moves with the gain, and the kind does not', () => {
    const samples = chord(16_000);
    const plain = classifyWindow(samples, 16_000);
    fc.assert(
      fc.property(fc.double({ min: -20, max: 12, noNaN: true }), (gainDb) => {
        const louder = classifyWindow(
          samples.map((sample) => sample * 10 ** (gainDb / 20)),
          16_000,
        );
        expect(louder.loudnessDb).toBeCloseTo(plain.loudnessDb + gainDb, 3);
        expect(louder.kind).toBe(plain.kind);
      }),
      { numRuns: 20 },
    );
  });
});

test('any finite samples have a kind and a finite loudness', () => {
  const anySamples = fc.float32Array({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true, maxLength: 5000 });
  fc.assert(
    fc.property(anySamples, fc.constantFrom(8000, 16_000, 48_000), (samples, rate) => {
      const { kind, loudnessDb } = classifyWindow(samples, rate);
      expect(['music', 'silence', 'applause', 'noise']).toContain(kind);
      expect(Number.isFinite(loudnessDb)).toBe(true);
      expect(loudnessDb).toBeGreaterThanOrEqual(-120);
    }),
  );
});
