/** From samples to semitones, the input of all pitch statistics.
 *
 *  samples [batch, n] at 16 kHz -> 4 kHz -> one root magnitude for each semitone and tuning, each 64 ms, with longer
 *  windows for lower notes.
 *
 *  @see Brown 1991 for constant-Q kernels
 */
import type { GraphWriter, Value } from '../onnx-graph/graph-writer.ts';
import { type KernelGroup, kernelTable, partColumns } from './kernels.ts';
import { lowPass, range } from './tables.ts';

/** Samples at 16 kHz from one frame to the next: 64 ms. The graph uses whole hops of a window only. */
export const hopSamples = 1024;
const decimation = 4;
const hop = hopSamples / decimation;

/** C2 to C6, where melody and harmony are; higher notes are mostly overtones. */
const lowestMidi = 36;
const highestMidi = 84;
export const notes = range(lowestMidi, highestMidi + 1);
/** The notes and one more at each end, to sharpen against. */
export const semitoneCount = notes.length + 2;
/** Semitones above A4 = 440 Hz. With the second, no recording is further than a quarter tone from both. */
export const tunings = [0, 0.5];

/** Kernels by length. */
const longestHops = 8;
const groups: readonly KernelGroup[] = [
  { hops: 8, pitches: pitchesOf(lowestMidi - 1, 48) },
  { hops: 4, pitches: pitchesOf(48, 60) },
  { hops: 2, pitches: pitchesOf(60, highestMidi + 2) },
];

/** [batch, n] -> [batch, frames, tunings * semitoneCount], square roots of magnitudes, all of the first tuning first.
 *  The root lets soft notes count next to loud ones. */
export function writeSemitones(graph: GraphWriter, samples: Value, sampleRateHz: number): Value {
  const slow = writeDecimated(graph, samples, sampleRateHz);
  return writeRootMagnitudes(graph, slow, sampleRateHz / decimation);
}

/** [batch, n] -> [batch, n / hopSamples, hop]: an anti-aliasing filter as one matrix product on overlapping blocks. */
function writeDecimated(graph: GraphWriter, samples: Value, sampleRateHz: number): Value {
  const block = 64;
  const outputs = block / decimation;
  const taps = 64;
  const filter = lowPass(taps, 2000, sampleRateHz);
  const table = new Float64Array(2 * block * outputs);
  for (let out = 0; out < outputs; out++) {
    filter.forEach((tap, n) => {
      table[(out * decimation + n) * outputs + out] = tap;
    });
  }
  const blocks = graph.reshape('blocks', samples, [0, -1, block]);
  const later = graph.slice('blocks_later', blocks, 1, 1, Number.MAX_SAFE_INTEGER);
  const last = graph.slice('blocks_last', blocks, 1, -1, Number.MAX_SAFE_INTEGER);
  const next = graph.node('Concat', 'blocks_next', [later, last], { axis: 1 });
  const pairs = graph.node('Concat', 'block_pairs', [blocks, next], { axis: 2 });
  const decimated = graph.node('MatMul', 'decimated', [pairs, graph.floats('low_pass', [2 * block, outputs], table)]);
  return graph.reshape('slow', decimated, [0, -1, hop]);
}

/** [batch, blocks, hop] -> [batch, blocks - 7, tunings * semitoneCount].
 *
 *  A kernel of k hops is cut into k parts; one product gives every part's answer for every block, and the answers of
 *  neighbouring blocks are then added up. Nothing is copied into overlapping frames.
 */
function writeRootMagnitudes(graph: GraphWriter, slow: Value, slowRateHz: number): Value {
  const kernels = kernelTable(groups, hop, slowRateHz);
  const parts = graph.node('MatMul', 'semitone_parts', [slow, graph.floats('kernels', kernels.dims, kernels.values)]);
  const powers = groups.map((group) => writePower(graph, parts, group));
  // Each group holds its notes tuning by tuning: taken apart and put together, all notes of one tuning follow one another.
  const inOrder = tunings.flatMap((_, tuning) =>
    groups.map((group, i) => {
      const count = group.pitches.length / tunings.length;
      const name = `power_${group.hops}_${tuning}`;
      return graph.slice(name, powers[i] ?? '', 2, tuning * count, (tuning + 1) * count);
    }),
  );
  const power = graph.node('Concat', 'semitone_power', inOrder, { axis: 2 });
  return graph.node('Sqrt', 'semitone_root', [graph.node('Sqrt', 'semitone_magnitude', [power])]);
}

function writePower(graph: GraphWriter, parts: Value, group: KernelGroup): Value {
  const terms = partColumns(groups, group).map(([from, to], part) => {
    const name = `semitones_${group.hops}_${part}`;
    const offset = (longestHops - group.hops) / 2 + part;
    const trailing = longestHops - 1 - offset;
    const columns = graph.slice(`${name}_columns`, parts, 2, from, to);
    return graph.slice(name, columns, 1, offset, trailing === 0 ? Number.MAX_SAFE_INTEGER : -trailing);
  });
  const sum = graph.node('Sum', `semitones_${group.hops}`, terms);
  const squared = graph.node('Mul', `semitones_${group.hops}_squared`, [sum, sum]);
  const count = group.pitches.length;
  const real = graph.slice(`real_${group.hops}`, squared, 2, 0, count);
  const imaginary = graph.slice(`imaginary_${group.hops}`, squared, 2, count, 2 * count);
  return graph.node('Add', `power_${group.hops}`, [real, imaginary]);
}

function pitchesOf(fromMidi: number, toMidi: number): number[] {
  return tunings.flatMap((tuning) => range(fromMidi, toMidi).map((midi) => midi + tuning));
}
