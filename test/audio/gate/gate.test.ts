import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyWindow } from '../../../src/audio/gate/gate.ts';
import { makeApplause, randomFrom } from '../../support/applause.ts';

const windowSec = 5;
const ratesHz = [16_000, 44_100, 48_000];

function sound(sampleRateHz: number, amplitudeAt: (sec: number, i: number) => number): Float32Array {
  return Float32Array.from({ length: windowSec * sampleRateHz }, (_, i) => amplitudeAt(i / sampleRateHz, i));
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
  test('brown noise that drifts below hearing is noise', () => {
    const random = randomFrom(3);
    let drift = 0;
    // A leak of 1 Hz: nearly all of the power is inaudible.
    const brown = sound(rate, () => {
      drift = drift * (1 - (2 * Math.PI) / rate) + (random() - 0.5) / Math.sqrt(rate);
      return 0.2 * drift;
    });
    expect(classifyWindow(brown, rate).kind).toBe('noise');
  });
  test('a chord over strong rumble at 3 Hz is music, and no louder for it', () => {
    const music = chord(rate);
    const rumble = sound(rate, (sec) => 0.5 * Math.sin(2 * Math.PI * 3 * sec));
    const both = classifyWindow(
      music.map((sample, i) => sample + (rumble[i] as number)),
      rate,
    );
    expect(both.kind).toBe('music');
    expect(both.loudnessDb).toBeCloseTo(classifyWindow(music, rate).loudnessDb, 0);
  });
  test('claps without a common clock are applause', () => {
    expect(classifyWindow(makeApplause(rate, windowSec), rate).kind).toBe('applause');
  });
});

describe('a window of more than one kind', () => {
  const rate = 16_000;
  /** Ten seconds: a chord, and from a second on something else. */
  const turning = (atSec: number, other: Float32Array) => {
    const music = [...chord(rate), ...chord(rate)].map((sample) => 2 * sample);
    return Float32Array.from(music, (sample, i) => (i < atSec * rate ? sample : (other[i] as number)));
  };
  const applause = makeApplause(rate, 10);
  const silence = new Float32Array(10 * rate);

  test('has the kind of most of its sound', () => {
    expect(classifyWindow(turning(6, applause), rate).kind).toBe('music');
    expect(classifyWindow(turning(3, applause), rate).kind).toBe('applause');
    expect(classifyWindow(turning(3, silence), rate).kind).toBe('music');
  });

  test.each([3, 4, 5, 6, 7])('finds the change at %i s to within two seconds', (atSec) => {
    for (const [other, kind] of [
      [applause, 'applause'],
      [silence, 'silence'],
    ] as const) {
      const { moments } = classifyWindow(turning(atSec, other), rate);
      expect(moments).toHaveLength(10);
      expect(moments[0]).toBe('music');
      expect(moments[9]).toBe(kind);
      expect(Math.abs(moments.lastIndexOf('music') + 1 - atSec)).toBeLessThanOrEqual(2);
    }
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
    ).toBeCloseTo(0, 2);
    expect(
      classifyWindow(
        sound(16_000, () => 0),
        16_000,
      ).loudnessDb,
    ).toBe(-120);
  });

  test('changes with the gain, while the kind does not', () => {
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
