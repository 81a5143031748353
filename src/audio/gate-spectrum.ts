/** What a window's spectrum has that noise has not. Pure: about a millisecond for 10 s.
 *
 *  It looks at pairs of frames, one right after the other, spread over the window: a pitch is in both of a pair, chance
 *  is not. Spectra are compared with their coarse shape taken away, so that a filter or a hall does not matter.
 */
import FFT from 'fft.js';

export interface SpectrumFeatures {
  /** Correlation of the fine spectra of a pair's two frames, mean of all pairs: 0 for noise, 1 for an endless tone. */
  readonly persistence: number;
  /** How far the mean spectrum departs from its coarse shape, dB: 0.7 for noise, by chance. */
  readonly peaksDb: number;
  /** The same of the single frames, dB: 5.6 for noise, by chance. */
  readonly roughnessDb: number;
  /** Power below 250 Hz over all power. */
  readonly bassDb: number;
  /** Where the power from 150 Hz to 7 kHz has its centre, on a scale of octaves. */
  readonly centroidHz: number;
}

/** Long enough to part the partials of a bass voice, short enough that a note lasts through two. */
const frameSec = 0.064;
const pairs = 20;
const lowHz = 150;
const highHz = 7000;
const bassHz = 250;
/** Half the width of the coarse shape. */
const shapeHz = 150;
const tiniestPower = 1e-12;
const dbPerNeper = 10 / Math.LN10;

export function measureSpectrum(samples: Float32Array, sampleRateHz: number): SpectrumFeatures {
  const frames = new FrameReader(sampleRateHz);
  const mean = new Float64Array(frames.bins);
  let persistence = 0;
  let roughness = 0;
  const step = Math.max(0, samples.length - 2 * frames.size) / (pairs - 1);
  for (let pair = 0; pair < pairs; pair += 1) {
    const at = Math.floor(pair * step);
    const first = frames.fineSpectrum(samples, at, mean);
    const second = frames.fineSpectrum(samples, at + frames.size, mean);
    persistence += product(first, second) / Math.sqrt(product(first, first) * product(second, second) + tiniestPower);
    roughness += rms(first) + rms(second);
  }
  for (let bin = 0; bin < mean.length; bin += 1) mean[bin] = Math.log((mean[bin] as number) / (2 * pairs));
  return {
    persistence: persistence / pairs,
    peaksDb: rms(withoutShape(mean, frames.shapeBins)) * dbPerNeper,
    roughnessDb: (roughness / (2 * pairs)) * dbPerNeper,
    bassDb: dbPerNeper * Math.log((frames.bassPower + tiniestPower) / (frames.allPower + tiniestPower)),
    centroidHz: 2 ** (frames.octavePower / frames.bandPower),
  };
}

class FrameReader {
  readonly size: number;
  readonly bins: number;
  readonly shapeBins: number;
  allPower = 0;
  bassPower = 0;
  bandPower = 0;
  octavePower = 0;
  readonly #lowBin: number;
  readonly #bassBin: number;
  readonly #fft: FFT;
  readonly #taper: Float64Array;
  readonly #frame: number[];
  readonly #spectrum: number[];
  readonly #octaves: Float64Array;

  constructor(sampleRateHz: number) {
    this.size = 2 ** Math.round(Math.log2(frameSec * sampleRateHz));
    const binHz = sampleRateHz / this.size;
    this.#lowBin = Math.round(lowHz / binHz);
    this.#bassBin = Math.round(bassHz / binHz);
    this.bins = Math.min(this.size / 2 - 1, Math.round(highHz / binHz)) - this.#lowBin;
    this.shapeBins = Math.round(shapeHz / binHz);
    this.#fft = new FFT(this.size);
    this.#frame = new Array<number>(this.size).fill(0);
    this.#spectrum = new Array<number>(this.size * 2).fill(0);
    this.#taper = Float64Array.from({ length: this.size }, (_, i) => hann((i + 0.5) / this.size));
    this.#octaves = Float64Array.from({ length: this.bins }, (_, i) => Math.log2((this.#lowBin + i) * binHz));
  }

  /** Shape [bins], natural logarithm of power without its coarse shape. Adds the power to `mean`. */
  fineSpectrum(samples: Float32Array, at: number, mean: Float64Array): Float64Array {
    for (let i = 0; i < this.size; i += 1) this.#frame[i] = (samples[at + i] ?? 0) * (this.#taper[i] as number);
    this.#fft.realTransform(this.#spectrum, this.#frame);
    const logs = new Float64Array(this.bins);
    for (let bin = 1; bin < this.size / 2; bin += 1) {
      const power = (this.#spectrum[2 * bin] as number) ** 2 + (this.#spectrum[2 * bin + 1] as number) ** 2;
      this.allPower += power;
      if (bin < this.#bassBin) this.bassPower += power;
      const i = bin - this.#lowBin;
      if (i >= 0 && i < this.bins) this.#readBand(i, power + tiniestPower, logs, mean);
    }
    return withoutShape(logs, this.shapeBins);
  }

  #readBand(i: number, power: number, logs: Float64Array, mean: Float64Array): void {
    logs[i] = Math.log(power);
    mean[i] = (mean[i] as number) + power;
    this.bandPower += power;
    this.octavePower += power * (this.#octaves[i] as number);
  }
}

function hann(position: number): number {
  return 0.5 - 0.5 * Math.cos(2 * Math.PI * position);
}

/** Less a moving mean of `reach` values to each side, of fewer at the ends. */
function withoutShape(values: Float64Array, reach: number): Float64Array {
  const fine = new Float64Array(values.length);
  let sum = 0;
  let from = 0;
  let to = 0;
  for (let i = 0; i < values.length; i += 1) {
    while (to < values.length && to <= i + reach) sum += values[to++] as number;
    while (from < i - reach) sum -= values[from++] as number;
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
