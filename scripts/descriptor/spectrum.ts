/** The spectral part of the timbre half: MFCC statistics and the motion of eight bands, over one window of sound.
 *
 *  samples [batch, n] -> frames of 512 -> power spectrum -> 48 mel bands -> log -> 20 MFCC. Over time: the mean
 *  spectrum's shape (39 coefficients, without the level), deviations of the MFCC, deviations of their slope; and how
 *  much eight broad bands change within 32 ms to 1 s. Out: [batch, spectrumDimensions].
 */
import type { GraphWriter, Value } from '../onnx-graph/graph-writer.ts';
import { cosineTransform, hann, melFilters, range } from './tables.ts';

export const melBands = 48;
const coefficients = 20;
/** The mean spectrum keeps finer detail than single frames do. */
const meanCoefficients = 40;
const broadBands = 8;
/** In frames of 32 ms. */
const changeLags = [1, 2, 4, 8, 16, 32];
const frameLength = 512;
const half = frameLength / 2;
/** 40 Hz keeps rumble out, 7.8 kHz stays clear of the resampler's edge at 8 kHz. */
const lowHz = 40;
const highHz = 7800;
/** Relative to the window's mean band power: 40 dB below it is called quiet. Keeps codec holes and noise floors from
 *  deciding, and makes the logarithm independent of the recording's level. */
const powerFloor = 1e-4;

export const spectrumDimensions = meanCoefficients - 1 + 2 * coefficients + broadBands * changeLags.length;

export function writeSpectrum(graph: GraphWriter, samples: Value, sampleRateHz: number): Value {
  const power = writeMelPower(graph, samples, sampleRateHz);
  const level = graph.mean('mel_level', power, [1, 2]);
  const safeLevel = graph.node('Add', 'mel_level_safe', [level, graph.scalar(1e-12)]);
  const relative = graph.node('Div', 'mel_relative', [power, safeLevel]);
  const floored = graph.node('Add', 'mel_floored', [relative, graph.scalar(powerFloor)]);
  const logMel = graph.node('Log', 'mel_log', [floored]);
  const parts = [writeMeanShape(graph, logMel), ...writeDeviations(graph, logMel), ...writeChanges(graph, logMel)];
  return graph.node('Concat', 'spectrum', parts, { axis: 1 });
}

/** Frames do not overlap: the statistics over hundreds of frames do not gain from it, and time does.
 *
 *  One radix-2 step is done by hand before the matrix product: the even bins of a 512-point DFT see only the sum of
 *  the frame's halves, the odd bins only their difference, which halves the multiplications.
 */
function writeMelPower(graph: GraphWriter, samples: Value, sampleRateHz: number): Value {
  const frames = graph.reshape('frames', samples, [0, -1, 2, half]);
  const windowed = graph.node('Mul', 'frames_windowed', [frames, graph.floats('hann', [2, half], hann(frameLength))]);
  const first = graph.node('Squeeze', 'half_first', [graph.slice('half_0', windowed, 2, 0, 1), graph.ints([2])]);
  const second = graph.node('Squeeze', 'half_second', [graph.slice('half_1', windowed, 2, 1, 2), graph.ints([2])]);
  const filters = melFilters(melBands, frameLength, sampleRateHz, lowHz, highHz);
  const parity = (name: string, opType: string, bins: readonly number[]): Value => {
    const folded = graph.node(opType, `fold_${name}`, [first, second]);
    const dft = graph.floats(`dft_${name}`, [half, 2 * bins.length], dftColumns(bins));
    const spectrum = graph.node('MatMul', `spectrum_${name}`, [folded, dft]);
    const squared = graph.node('Mul', `squared_${name}`, [spectrum, spectrum]);
    const mel = graph.floats(`mel_filters_${name}`, [2 * bins.length, melBands], melRows(filters, bins));
    return graph.node('MatMul', `mel_${name}`, [squared, mel]);
  };
  // Bin 0 and bin 256 lie outside every filter.
  const even = parity('even', 'Add', range(2, half, 2));
  const odd = parity('odd', 'Sub', range(1, half, 2));
  return graph.node('Add', 'mel_power', [even, odd]);
}

/** Coefficients 1 to 39 of the mean log spectrum. */
function writeMeanShape(graph: GraphWriter, logMel: Value): Value {
  const table = cosineTransform(melBands, meanCoefficients);
  const factor = graph.floats('cosine_transform_mean', [melBands, meanCoefficients], table);
  const all = graph.node('MatMul', 'mean_shape_all', [graph.mean('mel_log_mean', logMel, [1], false), factor]);
  return graph.slice('mean_shape', all, 1, 1, meanCoefficients);
}

function writeDeviations(graph: GraphWriter, logMel: Value): Value[] {
  const table = graph.floats('cosine_transform', [melBands, coefficients], cosineTransform(melBands, coefficients));
  const mfcc = graph.node('MatMul', 'mfcc', [logMel, table]);
  const centred = graph.node('Sub', 'mfcc_centred', [mfcc, graph.mean('mfcc_mean', mfcc, [1])]);
  const slope = writeChange(graph, 'mfcc_slope', mfcc, 2);
  return [
    writeRootMeanSquare(graph, 'mfcc_deviation', centred),
    writeRootMeanSquare(graph, 'mfcc_slope_deviation', slope),
  ];
}

/** The logarithm of how far a band's level moves within each lag: attacks, tremolo, pulse. */
function writeChanges(graph: GraphWriter, logMel: Value): Value[] {
  const width = melBands / broadBands;
  const table = new Float64Array(melBands * broadBands);
  for (let band = 0; band < melBands; band++) table[band * broadBands + Math.floor(band / width)] = 1 / width;
  const broad = graph.node('MatMul', 'broad_bands', [logMel, graph.floats('broaden', [melBands, broadBands], table)]);
  return changeLags.map((lag) => {
    const size = writeRootMeanSquare(graph, `change_size_${lag}`, writeChange(graph, `change_${lag}`, broad, lag));
    // 0.05 is a fifth of a decibel of power. Smaller changes count as none.
    return graph.node('Log', `change_log_${lag}`, [
      graph.node('Add', `change_safe_${lag}`, [size, graph.scalar(0.05)]),
    ]);
  });
}

function writeChange(graph: GraphWriter, name: string, input: Value, lag: number): Value {
  const later = graph.slice(`${name}_later`, input, 1, lag, Number.MAX_SAFE_INTEGER);
  return graph.node('Sub', name, [later, graph.slice(`${name}_earlier`, input, 1, 0, -lag)]);
}

function writeRootMeanSquare(graph: GraphWriter, name: string, input: Value): Value {
  const squared = graph.node('Mul', `${name}_squared`, [input, input]);
  return graph.node('Sqrt', name, [graph.mean(`${name}_mean`, squared, [1], false)]);
}

/** Shape [half, 2 * bins]: the cosines of all bins, then the sines. */
function dftColumns(bins: readonly number[]): Float64Array {
  const table = new Float64Array(half * 2 * bins.length);
  for (let n = 0; n < half; n++) {
    bins.forEach((bin, column) => {
      const phase = (2 * Math.PI * bin * n) / frameLength;
      table[n * 2 * bins.length + column] = Math.cos(phase);
      table[n * 2 * bins.length + bins.length + column] = -Math.sin(phase);
    });
  }
  return table;
}

/** Shape [2 * bins, melBands]: each bin's weight for its squared cosine part, then the same for its sine part. */
function melRows(filters: Float64Array, bins: readonly number[]): Float64Array {
  const rows = new Float64Array(2 * bins.length * melBands);
  [...bins, ...bins].forEach((bin, row) => {
    for (let band = 0; band < melBands; band++) rows[row * melBands + band] = filters[band * (half + 1) + bin] ?? 0;
  });
  return rows;
}
