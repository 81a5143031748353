/** The timbre half of the graph: MFCC statistics over one window of sound.
 *
 *  samples [batch, n] -> frames of 512 -> power spectrum -> 48 mel bands -> log -> 20 MFCC -> over time: means without
 *  the level, deviations, deviations of the slope. Out: [batch, timbreDimensions].
 */
import type { GraphWriter, Value } from './graph-writer.ts';
import { cosineTransform, hann, melFilters, range } from './tables.ts';

export const melBands = 48;
export const coefficients = 20;
const frameLength = 512;
const half = frameLength / 2;
/** 40 Hz keeps rumble out, 7.8 kHz stays clear of the resampler's edge at 8 kHz. */
const lowHz = 40;
const highHz = 7800;
/** Relative to the window's mean band power: 40 dB below it is called quiet. Keeps codec holes and noise floors from
 *  deciding, and makes the logarithm independent of the recording's level. */
const powerFloor = 1e-4;

export const timbreDimensions = 3 * coefficients - 1;

export function writeTimbre(graph: GraphWriter, samples: Value, sampleRateHz: number): Value {
  const power = writeMelPower(graph, samples, sampleRateHz);
  const level = graph.mean('mel_level', power, [1, 2]);
  const safeLevel = graph.node('Add', 'mel_level_safe', [level, graph.scalar(1e-12)]);
  const relative = graph.node('Div', 'mel_relative', [power, safeLevel]);
  const floored = graph.node('Add', 'mel_floored', [relative, graph.scalar(powerFloor)]);
  const logMel = graph.node('Log', 'mel_log', [floored]);
  const table = graph.floats('cosine_transform', [melBands, coefficients], cosineTransform(melBands, coefficients));
  return writeStatistics(graph, graph.node('MatMul', 'mfcc', [logMel, table]));
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

function writeStatistics(graph: GraphWriter, mfcc: Value): Value {
  const mean = graph.mean('mfcc_mean', mfcc, [1]);
  const deviation = writeRootMeanSquare(graph, 'mfcc_deviation', graph.node('Sub', 'mfcc_centred', [mfcc, mean]));
  const slope = graph.node('Sub', 'mfcc_slope', [
    graph.slice('mfcc_later', mfcc, 1, 2, Number.MAX_SAFE_INTEGER),
    graph.slice('mfcc_earlier', mfcc, 1, 0, -2),
  ]);
  const slopeDeviation = writeRootMeanSquare(graph, 'mfcc_slope_deviation', slope);
  const shape = graph.slice(
    'mfcc_mean_shape',
    graph.reshape('mfcc_mean_row', mean, [0, coefficients]),
    1,
    1,
    coefficients,
  );
  return graph.node('Concat', 'timbre', [shape, deviation, slopeDeviation], { axis: 1 });
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
