/** The whole graph: level removed, two halves, each standardised and of fixed weight, one unit vector. */

import { floatValue, GraphWriter, type Value } from '../onnx-graph/graph-writer.ts';
import type { BlockConstants, Constants } from './constants.ts';
import { harmonyDimensions, writeHarmony, writeSharpened } from './harmony.ts';
import { registerDimensions, writeRegister } from './register.ts';
import { hopSamples, writeSemitones } from './semitones.ts';
import { spectrumDimensions, writeSpectrum } from './spectrum.ts';

export const sampleRateHz = 16_000;
export const inputName = 'pcm';
export const outputName = 'embedding';

export const timbreDimensions = spectrumDimensions + registerDimensions;
export { harmonyDimensions };

/** @returns the bytes of an ONNX model: `pcm` [batch, samples] -> `embedding` [batch, dimensions] */
export function writeEmbeddingGraph(constants: Constants): Uint8Array {
  const graph = new GraphWriter();
  const { timbre, harmony } = writeStatistics(graph);
  const parts = [
    writeBlock(graph, 'timbre', timbre, timbreDimensions, constants.timbre),
    writeBlock(graph, 'harmony', harmony, harmonyDimensions, constants.harmony),
  ];
  const joined = graph.node('Concat', 'blocks_joined', parts, { axis: 1 });
  writeUnit(graph, outputName, joined);
  return graph.encode('leitmotif_builtin', pcmInput(), [floatValue(outputName, ['batch', dimensionsOf(constants)])]);
}

/** The same graph cut before standardisation, to fit the constants with: outputs `timbre` and `harmony`. */
export function writeStatisticsGraph(): Uint8Array {
  const graph = new GraphWriter();
  writeStatistics(graph);
  return graph.encode('leitmotif_builtin_statistics', pcmInput(), [
    floatValue('timbre', ['batch', timbreDimensions]),
    floatValue('harmony', ['batch', harmonyDimensions]),
  ]);
}

export function dimensionsOf(constants: Constants): number {
  return constants.timbre.dimensions + constants.harmony.dimensions;
}

function pcmInput() {
  return floatValue(inputName, ['batch', 'samples']);
}

function writeStatistics(graph: GraphWriter): { timbre: Value; harmony: Value } {
  const samples = writeLevelled(graph);
  const spectrum = writeSpectrum(graph, samples, sampleRateHz);
  const roots = writeSemitones(graph, samples, sampleRateHz);
  const sharp = writeSharpened(graph, roots);
  const timbre = graph.node('Concat', 'timbre', [spectrum, writeRegister(graph, roots, sharp)], { axis: 1 });
  return { timbre, harmony: writeHarmony(graph, sharp) };
}

/** Whole hops only, no offset, RMS of about 1: a change of gain changes nothing. Silence stays silence. */
function writeLevelled(graph: GraphWriter): Value {
  const shape = graph.node('Shape', 'pcm_shape', [inputName]);
  const count = graph.node('Gather', 'pcm_samples', [shape, graph.ints([1])]);
  const hops = graph.node('Div', 'pcm_hops', [count, graph.ints([hopSamples])]);
  const used = graph.node('Mul', 'pcm_used', [hops, graph.ints([hopSamples])]);
  const whole = graph.node('Slice', 'pcm_whole', [inputName, graph.ints([0]), used, graph.ints([1])]);
  const centred = graph.node('Sub', 'pcm_centred', [whole, graph.mean('pcm_offset', whole, [1])]);
  const power = graph.mean('pcm_power', graph.node('Mul', 'pcm_squared', [centred, centred]), [1]);
  // -120 dBFS: below the last bit of 16-bit sound.
  const level = graph.node('Add', 'pcm_level', [graph.node('Sqrt', 'pcm_rms', [power]), graph.scalar(1e-6)]);
  return graph.node('Div', 'pcm_levelled', [centred, level]);
}

function writeBlock(graph: GraphWriter, name: string, input: Value, rows: number, constants: BlockConstants): Value {
  const factor = graph.floats(`${name}_projection`, [rows, constants.dimensions], constants.projection);
  const offset = graph.floats(`${name}_offset`, [constants.dimensions], constants.offset);
  const projected = graph.node('Add', `${name}_standard`, [
    graph.node('MatMul', `${name}_projected`, [input, factor]),
    offset,
  ]);
  const unit = writeUnit(graph, `${name}_unit`, projected);
  return graph.node('Mul', `${name}_block`, [unit, graph.scalar(Math.sqrt(constants.share))]);
}

function writeUnit(graph: GraphWriter, name: string, input: Value): Value {
  const length = graph.node('ReduceL2', `${name}_length`, [input], { axes: [1], keepdims: 1 });
  return graph.node('Div', name, [input, graph.node('Add', `${name}_length_safe`, [length, graph.scalar(1e-9)])]);
}
