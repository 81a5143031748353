/** The spectra that the gate looks at: pairs of frames, one right after the other, four a second. Pure.
 *
 *  A pitch is in both frames of a pair, chance is not; a note lasts from one pair to the next, a vowel does not.
 *  Spectra are compared with their coarse shape taken away, so that a filter or a hall does not matter.
 */
import FFT from 'fft.js';
import type { AtRate } from './rate.ts';

/** Sample rate of the gate. */
export const gateRateHz = 16_000;
/** 64 ms: long enough to part the partials of a bass voice, short enough that a note lasts through two. */
const frameSize = 1024;
export const framesPerMoment = 8;
const binHz = gateRateHz / frameSize;
const lowBin = Math.round(150 / binHz);
const binCount = Math.round(7000 / binHz) - lowBin;
/** Half the width of the coarse shape, 150 Hz. */
const shapeBins = Math.round(150 / binHz);
/** Octaves, in Hz: what a spectrum's shape is told by. */
const bandEdges = [0, 125, 250, 500, 1000, 2000, 4000, 8000].map((hz) => Math.max(1, Math.round(hz / binHz)));
export const bandCount = bandEdges.length - 1;
const tiniestPower = 1e-10;
const dbPerNeper = 10 / Math.LN10;

export interface Frame {
  /** Power of all bins, on the transform's own scale. */
  readonly power: number;
  /** Shape [bandCount], dB over all bins' mean, octave by octave. */
  readonly bandsDb: Float64Array;
  /** Shape [bins], power. */
  readonly spectrum: Float64Array;
  /** Shape [bins], natural logarithm of power without its coarse shape. */
  readonly fine: Float64Array;
  /** Its length as a vector. */
  readonly size: number;
  /** Root mean square of `fine`, dB: 5.6 for noise, by chance. */
  readonly roughnessDb: number;
}

/** @param window at `gateRateHz`
 *  @param moments into how many the window is cut, each of about a second
 *  @returns `framesPerMoment` of each */
export function framesOf(window: AtRate, moments: number): Frame[] {
  const reader = new FrameReader();
  const pairs = (moments * framesPerMoment) / 2;
  const step = window.length / pairs;
  return Array.from({ length: pairs }, (_, pair) => {
    const both = window.stretch(Math.floor(pair * step), 2 * frameSize);
    return [reader.read(both, 0), reader.read(both, frameSize)];
  }).flat();
}

const fft = new FFT(frameSize);
const taper = Float64Array.from(
  { length: frameSize },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / frameSize),
);

class FrameReader {
  readonly #frame = new Array<number>(frameSize).fill(0);
  readonly #spectrum = new Array<number>(frameSize * 2).fill(0);
  readonly #powers = new Float64Array(frameSize / 2);

  read(samples: Float32Array, at: number): Frame {
    // Taken out of the object: in these loops a look-up each time is felt.
    const [frame, transformed, powers] = [this.#frame, this.#spectrum, this.#powers];
    const sampleCount = Math.max(0, Math.min(frameSize, samples.length - at));
    for (let i = 0; i < sampleCount; i += 1) frame[i] = (samples[at + i] as number) * (taper[i] as number);
    frame.fill(0, sampleCount);
    fft.realTransform(transformed, frame);
    let power = 0;
    for (let bin = 1; bin < powers.length; bin += 1) {
      const re = transformed[2 * bin] as number;
      const im = transformed[2 * bin + 1] as number;
      const of = re * re + im * im;
      powers[bin] = of;
      power += of;
    }
    const spectrum = powers.slice(lowBin, lowBin + binCount);
    // The floor moves with the frame's own level: a gain changes nothing.
    const floor = tiniestPower * (power + tiniestPower);
    const logs = new Float64Array(binCount);
    for (let i = 0; i < binCount; i += 1) logs[i] = Math.log((spectrum[i] as number) + floor);
    const fine = withoutShape(logs);
    const size = Math.sqrt(product(fine, fine));
    const roughnessDb = (size / Math.sqrt(binCount)) * dbPerNeper;
    return { power, bandsDb: this.#bandsDb(power), spectrum, fine, size, roughnessDb };
  }

  #bandsDb(power: number): Float64Array {
    const bands = new Float64Array(bandCount);
    for (let band = 0; band < bandCount; band += 1) {
      let sum = 0;
      for (let bin = bandEdges[band] as number; bin < (bandEdges[band + 1] as number); bin += 1) {
        sum += this.#powers[bin] as number;
      }
      // Nothing says more than that a band is 60 dB down: codecs cut there.
      bands[band] = dbPerNeper * Math.log((sum + tiniestPower) / (power + tiniestPower) + 1e-6);
    }
    return bands;
  }
}

/** How far the mean spectrum of some frames departs from its coarse shape, dB: the fewer frames, the more by chance. */
export function peaksDb(frames: readonly Frame[]): number {
  const mean = new Float64Array(binCount);
  const logs = new Float64Array(binCount);
  for (const { spectrum, power } of frames) {
    const scale = 1 / (power + tiniestPower);
    for (let i = 0; i < binCount; i += 1) mean[i] = (mean[i] as number) + scale * (spectrum[i] as number);
  }
  for (let i = 0; i < binCount; i += 1) logs[i] = Math.log((mean[i] as number) + tiniestPower);
  return rms(withoutShape(logs)) * dbPerNeper;
}

/** How alike the fine spectra of two frames are: 0 for noise, 1 for an endless tone. */
export function likeness(a: Frame, b: Frame): number {
  const size = a.size * b.size;
  return size === 0 ? 0 : product(a.fine, b.fine) / size;
}

/** Less a moving mean of `shapeBins` values to each side, of fewer at the ends. */
function withoutShape(values: Float64Array): Float64Array {
  const fine = new Float64Array(values.length);
  let sum = 0;
  let from = 0;
  let to = 0;
  for (let i = 0; i < values.length; i += 1) {
    while (to < values.length && to <= i + shapeBins) sum += values[to++] as number;
    while (from < i - shapeBins) sum -= values[from++] as number;
    fine[i] = (values[i] as number) - sum / (to - from);
  }
  return fine;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function rms(values: Float64Array): number {
  return Math.sqrt(product(values, values) / values.length);
}
