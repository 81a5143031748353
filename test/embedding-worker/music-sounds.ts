/** Sounds made by code, and a slow reference implementation of the descriptor. */
import { sampleRateHz } from '../../scripts/descriptor/graph.ts';
import { melFilters, range } from '../../scripts/descriptor/tables.ts';

/** Uniform noise in [-amplitude, amplitude], the same for the same seed. */
export function noise(samples: number, amplitude: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: samples }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * amplitude;
  });
}

export function tone(hz: number, samples: number, amplitude: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / sampleRateHz));
}

export function clamp(samples: Float32Array): Float32Array {
  return samples.map((x) => Math.max(-1, Math.min(1, x)));
}

/** Repeated triads of plucked notes with overtones, half a second each.
 *  @param roots semitones above middle C */
export function chords(roots: readonly number[], durationSec: number, mode: 'major' | 'minor' = 'major'): Float32Array {
  return detuned(roots, durationSec, 0, mode);
}

export function detuned(
  roots: readonly number[],
  durationSec: number,
  cents: number,
  mode: 'major' | 'minor' = 'major',
): Float32Array {
  const samples = new Float32Array(durationSec * sampleRateHz);
  const chordSamples = sampleRateHz / 2;
  for (let first = 0; first < samples.length; first += chordSamples) {
    const root = roots[(first / chordSamples) % roots.length] ?? 0;
    for (const interval of [0, mode === 'major' ? 4 : 3, 7]) {
      const hz = 261.63 * 2 ** ((root + interval + cents / 100) / 12);
      addNote(samples.subarray(first, first + chordSamples), hz);
    }
  }
  return samples;
}

function addNote(into: Float32Array, hz: number): void {
  for (let n = 0; n < into.length; n++) {
    const phase = (2 * Math.PI * hz * n) / sampleRateHz;
    const overtones = Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.25 * Math.sin(3 * phase);
    into[n] = (into[n] ?? 0) + 0.1 * Math.exp((-3 * n) / sampleRateHz) * overtones;
  }
}

/** Inner product; the cosine for vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** 39 means, 20 deviations and 20 slope deviations by a plain DFT in float64. */
export function slowSpectrum(window: Float32Array): number[] {
  const logs = slowLogMel(window);
  const mfcc = (log: readonly number[], count: number): number[] =>
    range(0, count).map((k) => {
      const sum = log.reduce((total, value, band) => total + value * Math.cos((Math.PI * k * (2 * band + 1)) / 96), 0);
      return sum * Math.sqrt((k === 0 ? 1 : 2) / 48);
    });
  const meanOf = (rows: readonly number[][], column: number): number =>
    rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length;
  const short = logs.map((log) => mfcc(log, 20));
  const slopes = short.slice(2).map((row, t) => row.map((value, k) => value - (short[t]?.[k] ?? 0)));
  const squareMean = (rows: readonly number[][], column: number, around: number): number =>
    Math.sqrt(rows.reduce((sum, row) => sum + ((row[column] ?? 0) - around) ** 2, 0) / rows.length);
  return [
    ...range(1, 40).map((k) =>
      meanOf(
        logs.map((log) => mfcc(log, 40)),
        k,
      ),
    ),
    ...range(0, 20).map((k) => squareMean(short, k, meanOf(short, k))),
    ...range(0, 20).map((k) => squareMean(slopes, k, 0)),
  ];
}

function slowLogMel(window: Float32Array): number[][] {
  const whole = window.subarray(0, Math.floor(window.length / 1024) * 1024);
  const offset = whole.reduce((sum, x) => sum + x, 0) / whole.length;
  const filters = melFilters(48, 512, sampleRateHz, 40, 7800);
  const cosines = range(0, 512).map((n) => Math.cos((2 * Math.PI * n) / 512));
  const mels = range(0, whole.length / 512).map((t) => {
    const frame = range(0, 512).map((n) => ((whole[t * 512 + n] ?? 0) - offset) * (0.5 - 0.5 * (cosines[n] ?? 0)));
    const power = range(0, 257).map((bin) => {
      let [re, im] = [0, 0];
      for (let n = 0; n < 512; n++) {
        re += (frame[n] ?? 0) * (cosines[(bin * n) % 512] ?? 0);
        im += (frame[n] ?? 0) * (cosines[(bin * n + 128) % 512] ?? 0);
      }
      return re * re + im * im;
    });
    return range(0, 48).map((band) =>
      power.reduce((sum, value, bin) => sum + value * (filters[band * 257 + bin] ?? 0), 0),
    );
  });
  const level = mels.flat().reduce((sum, value) => sum + value, 0) / (mels.length * 48);
  return mels.map((frame) => frame.map((value) => Math.log(value / level + 1e-4)));
}

/** Sounds that have broken models before: each must still give a vector of length 1. */
export function awkwardSounds(): [name: string, window: Float32Array][] {
  const tenSec = 10 * sampleRateHz;
  const impulse = new Float32Array(tenSec);
  impulse[80_000] = 1;
  return [
    ['silence', new Float32Array(tenSec)],
    ['the last bit of 16-bit noise', noise(tenSec, 2 ** -15, 1)],
    ['noise far below that', noise(tenSec, 1e-12, 2)],
    ['a constant', new Float32Array(tenSec).fill(0.5)],
    ['one impulse', impulse],
    ['a clipped sine', clamp(tone(440, tenSec, 20))],
    ['a sine a thousand times too loud', tone(440, tenSec, 1000)],
    ['full-scale noise', noise(tenSec, 1, 3)],
    ['a second of music and nine of silence', Float32Array.from(chords([0], 10), (x, n) => (n < 16_000 ? x : 0))],
    ['5 s', noise(5 * sampleRateHz, 0.1, 4)],
    ['an odd number of samples', noise(99_999, 0.1, 5)],
  ];
}
