/** CLAP's front-end as a graph: ten seconds of sound in, 64 mel levels in decibels for each of 1001 frames out.
 *
 *  It is what transformers' `ClapFeatureExtractor` computes for models without fusion (`truncation: "rand_trunc"`), in
 *  operators that every execution provider has: STFT and DFT have no CUDA kernel, a convolution has one everywhere.
 */
import { hann, range } from '../descriptor/tables.ts';
import { floatValue, GraphWriter, type Value } from '../onnx-graph/graph-writer.ts';
import { slaneyMelFilters } from './mel-filters.ts';

export const sampleRateHz = 48_000;
export const windowSamples = 10 * sampleRateHz;
export const inputName = 'pcm';
export const outputName = 'input_features';
export const bands = 64;
const frameLength = 1024;
/** Where a frame is folded: once in the middle, once more in the middle of the half. */
const middle = frameLength / 2;
const quarter = middle / 2;
const hopSamples = 480;
export const frames = 1 + windowSamples / hopSamples;
const melRangeHz = { lowHz: 50, highHz: 14_000 };
/** No filter reaches beyond these bins of 46.875 Hz, which the test on the filters holds. */
const bins = range(2, 299);
/** -100 dB: what the extractor calls silence. */
const powerFloor = 1e-10;

/** @returns the bytes of an ONNX model: `pcm` [batch, 480000] in [-1, 1] -> `input_features` [batch, 1, 1001, 64], dB */
export function writeClapFrontEnd(): Uint8Array {
  const graph = new GraphWriter();
  const mel = writeMelPower(graph);
  const floored = graph.node('Max', 'mel_floored', [mel, graph.scalar(powerFloor)]);
  const decibels = graph.node('Mul', 'mel_db', [graph.node('Log', 'mel_log', [floored]), graph.scalar(10 / Math.LN10)]);
  graph.node('Unsqueeze', outputName, [decibels, graph.ints([1])]);
  return graph.encode('clap_front_end', floatValue(inputName, ['batch', windowSamples]), [
    floatValue(outputName, ['batch', 1, frames, bands]),
  ]);
}

/** Mel power, [batch, frames, bands]: frames centred on their time, the ends mirrored, periodic Hann window.
 *
 *  Window and transform are symmetric about the middle of the frame and about its quarter, so the frame is folded twice
 *  before it is multiplied: a quarter of the work of the plain product, and, as the sums are shorter, a third of its
 *  rounding error.
 */
function writeMelPower(graph: GraphWriter): Value {
  const windowed = graph.floats('window', [middle + 1], foldedWindow());
  const framed = writeFrames(graph);
  const left = graph.slice('left', framed, 2, 0, middle + 1);
  const right = writeReversed(graph, 'right', framed, middle, frameLength + 1);
  const parts = (['cosine', 'sine'] as const).flatMap((part) => {
    const folded = graph.node(part === 'cosine' ? 'Add' : 'Sub', `${part}_folded`, [left, right]);
    const half = graph.node('Mul', `${part}_windowed`, [folded, windowed]);
    const outer = graph.slice(`${part}_outer`, half, 2, 0, quarter + 1);
    const inner = writeReversed(graph, `${part}_inner`, half, quarter, middle + 1);
    return (['even', 'odd'] as const).map((parity) => {
      const name = `${part}_${parity}`;
      const added = (part === 'cosine') === (parity === 'even');
      const input = graph.node(added ? 'Add' : 'Sub', `${name}_folded`, [outer, inner]);
      return writeBandPower(graph, name, input, part, parity);
    });
  });
  return parts.reduce((sum, part, i) => graph.node('Add', `power_${i}`, [sum, part]));
}

/** [batch, frames, frameLength + 1], from three rows of one hop each: the sample after the frame is there for the
 *  fold's symmetry, and weighs nothing. */
function writeFrames(graph: GraphWriter): Value {
  const rows = frames + 2;
  const after = rows * hopSamples - windowSamples - middle;
  const padded = graph.node('Pad', 'pcm_padded', [inputName, graph.ints([0, middle, 0, after])], { mode: 'reflect' });
  const hops = graph.reshape('hops', padded, [0, rows, hopSamples]);
  const parts = range(0, 3).map((row) => graph.slice(`hops_${row}`, hops, 1, row, row + frames));
  const last = graph.slice('hops_last', parts[2] ?? '', 2, 0, frameLength + 1 - 2 * hopSamples);
  return graph.node('Concat', 'frames', [...parts.slice(0, 2), last], { axis: 2 });
}

/** Samples from..to (exclusive) of each frame, backwards. */
function writeReversed(graph: GraphWriter, name: string, input: Value, from: number, to: number): Value {
  const bounds = [graph.ints([to - 1]), graph.ints([from - 1]), graph.ints([2]), graph.ints([-1])];
  return graph.node('Slice', name, [input, ...bounds]);
}

function writeBandPower(
  graph: GraphWriter,
  name: string,
  input: Value,
  part: 'cosine' | 'sine',
  parity: 'even' | 'odd',
): Value {
  const own = bins.filter((bin) => bin % 2 === (parity === 'even' ? 0 : 1));
  const kernels = graph.floats(`${name}_dft`, [quarter + 1, own.length], dftColumns(part, own));
  const spectrum = graph.node('MatMul', `${name}_spectrum`, [input, kernels]);
  const squared = graph.node('Mul', `${name}_squared`, [spectrum, spectrum]);
  const filters = slaneyMelFilters({ bands, fftLength: frameLength, sampleRateHz, ...melRangeHz }, own);
  return graph.node('MatMul', `${name}_mel`, [squared, graph.floats(`${name}_filters`, [own.length, bands], filters)]);
}

/** Shape [middle + 1]. The middle sample is its own mirror image: the fold counts it twice, so it weighs half. */
function foldedWindow(): Float64Array {
  const window = hann(frameLength).slice(0, middle + 1);
  window[middle] = 0.5;
  return window;
}

/** Shape [quarter + 1, bins], for the first quarter of a frame; its last sample is its own mirror image, as above. */
function dftColumns(part: 'cosine' | 'sine', own: readonly number[]): Float64Array {
  const wave = part === 'cosine' ? Math.cos : Math.sin;
  return Float64Array.from({ length: (quarter + 1) * own.length }, (_, i) => {
    const n = Math.floor(i / own.length);
    // The phase is taken modulo a turn in whole numbers, so that it keeps its digits.
    const phase = (((own[i % own.length] ?? 0) * n) % frameLength) / frameLength;
    return wave(2 * Math.PI * phase) * (n === quarter ? 0.5 : 1);
  });
}
