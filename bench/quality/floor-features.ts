/** The baselines for embeddings: MFCC statistics (timbre) and mean chroma (harmony) of a window. Pure. */
import FFT from 'fft.js';

export const floorSampleRateHz = 16_000;

const timbreFrame = 512;
const timbreHop = 256;
const melBands = 40;
const coefficients = 20;
const harmonyFrame = 4096;
const harmonyHop = 2048;

const melFilters = buildMelFilters();
const cosines = buildCosines();
const pitchClasses = buildPitchClasses();

/** @returns shape [40]: means, then standard deviations, of 20 MFCC */
export function mfccStatistics(samples: Float32Array): Float32Array {
  const sums = new Float64Array(coefficients);
  const squares = new Float64Array(coefficients);
  let frames = 0;
  for (const power of powerSpectra(samples, timbreFrame, timbreHop)) {
    const logMel = melFilters.map((filter) => Math.log(dot(filter, power) + 1e-8));
    for (let at = 0; at < coefficients; at++) {
      const value = cepstrum(logMel, at);
      sums[at] = (sums[at] ?? 0) + value;
      squares[at] = (squares[at] ?? 0) + value * value;
    }
    frames++;
  }
  const means = sums.map((sum) => sum / frames);
  const deviations = squares.map((square, at) => Math.sqrt(Math.max(0, square / frames - (means[at] ?? 0) ** 2)));
  return Float32Array.from([...means, ...deviations]);
}

/** @returns shape [12], unit length: the energy of each pitch class, 65 to 2,100 Hz */
export function meanChroma(samples: Float32Array): Float32Array {
  const sums = new Float64Array(12);
  for (const power of powerSpectra(samples, harmonyFrame, harmonyHop)) {
    const frame = new Float64Array(12);
    for (const [bin, pitchClass] of pitchClasses) frame[pitchClass] = (frame[pitchClass] ?? 0) + (power[bin] ?? 0);
    const length = Math.hypot(...frame) || 1;
    for (let at = 0; at < 12; at++) sums[at] = (sums[at] ?? 0) + (frame[at] ?? 0) / length;
  }
  const length = Math.hypot(...sums) || 1;
  return Float32Array.from(sums, (sum) => sum / length);
}

function* powerSpectra(samples: Float32Array, frame: number, hop: number): Generator<Float64Array> {
  const fft = new FFT(frame);
  const window = Float64Array.from({ length: frame }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / frame));
  const input = new Array<number>(frame).fill(0);
  const spectrum = fft.createComplexArray();
  const power = new Float64Array(frame / 2 + 1);
  for (let start = 0; start + frame <= samples.length; start += hop) {
    for (let at = 0; at < frame; at++) input[at] = (samples[start + at] ?? 0) * (window[at] ?? 0);
    fft.realTransform(spectrum, input);
    for (let bin = 0; bin <= frame / 2; bin++)
      power[bin] = (spectrum[2 * bin] ?? 0) ** 2 + (spectrum[2 * bin + 1] ?? 0) ** 2;
    yield power;
  }
}

interface Filter {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

function dot({ firstBin, weights }: Filter, power: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < weights.length; at++) sum += (weights[at] ?? 0) * (power[firstBin + at] ?? 0);
  return sum;
}

function cepstrum(logMel: readonly number[], order: number): number {
  const row = cosines[order] ?? [];
  let sum = 0;
  for (let band = 0; band < logMel.length; band++) sum += (logMel[band] ?? 0) * (row[band] ?? 0);
  return sum;
}

function melOf(hz: number): number {
  return 2595 * Math.log10(1 + hz / 700);
}

function hzOf(mel: number): number {
  return 700 * (10 ** (mel / 2595) - 1);
}

function buildMelFilters(): Filter[] {
  return Array.from({ length: melBands }, (_, band) => {
    const edges = [0, 1, 2].map((edge) => {
      const mel = melOf(50) + ((melOf(7800) - melOf(50)) * (band + edge)) / (melBands + 1);
      return (hzOf(mel) * timbreFrame) / floorSampleRateHz;
    });
    const [low = 0, peak = 0, high = 0] = edges;
    const firstBin = Math.ceil(low);
    const weights = Float64Array.from({ length: Math.max(1, Math.floor(high) - firstBin + 1) }, (_, at) => {
      const bin = firstBin + at;
      return Math.max(0, Math.min((bin - low) / (peak - low), (high - bin) / (high - peak)));
    });
    return { firstBin, weights };
  });
}

/** The rows of a DCT-II. */
function buildCosines(): number[][] {
  return Array.from({ length: coefficients }, (_, order) =>
    Array.from({ length: melBands }, (_, band) => Math.cos((Math.PI * order * (band + 0.5)) / melBands) / melBands),
  );
}

/** [bin, pitch class] of every used bin. */
function buildPitchClasses(): [number, number][] {
  const bins = Array.from({ length: harmonyFrame / 2 }, (_, bin) => bin);
  const hzOfBin = (bin: number): number => (bin * floorSampleRateHz) / harmonyFrame;
  return bins
    .filter((bin) => hzOfBin(bin) >= 65 && hzOfBin(bin) <= 2100)
    .map((bin) => [bin, Math.round(69 + 12 * Math.log2(hzOfBin(bin) / 440)) % 12]);
}
