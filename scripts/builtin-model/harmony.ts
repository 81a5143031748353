/** The harmony half of the graph: how pitch classes sound together and follow one another, the same in every key.
 *
 *  samples [batch, n] at 16 kHz -> 4 kHz -> semitone magnitudes each 64 ms, with longer windows for lower notes ->
 *  sharpened -> 12 pitch classes c(t), frames of about unit length -> for each lag the triple correlation
 *
 *      T[lag, i, j] = mean over t of  sum over p of  c(t)[p] * c(t)[p + i] * c(t + lag)[p + j]     (pitch classes mod 12)
 *
 *  A pair of notes an interval i apart and a note j above the lower one, `lag` later. The sum over p makes it the same
 *  in every key, exactly for pitch classes and nearly so for sound; unlike a power spectrum of the profile it tells
 *  major from minor and keeps the direction of motion. Out: [batch, harmonyDimensions].
 *
 *  @see Brown 1991 for constant-Q kernels; Fujishima 1999 for pitch class profiles; Kondor 2008, "Group theoretical
 *  methods in machine learning", chapter 8, for triple correlations as invariants of a group
 */
import type { GraphWriter, Value } from './graph-writer.ts';
import { type KernelGroup, kernelTable, partColumns } from './kernels.ts';
import { lowPass, range } from './tables.ts';

/** Samples at 16 kHz from one harmony frame to the next: 64 ms. The graph uses whole hops of a window only. */
export const hopSamples = 1024;
const decimation = 4;
const hop = hopSamples / decimation;

/** C2 to C6, where melody and harmony are; higher notes are mostly overtones. */
const lowestMidi = 36;
const highestMidi = 84;
/** Kernels by length; the notes reach one semitone further at each end, to sharpen against. */
const longestHops = 8;
const groups: readonly KernelGroup[] = [
  { hops: 8, fromMidi: lowestMidi - 1, toMidi: 48 },
  { hops: 4, fromMidi: 48, toMidi: 60 },
  { hops: 2, fromMidi: 60, toMidi: highestMidi + 2 },
];

/** Share of both neighbours' magnitude taken from each semitone: undoes the leakage of the kernels. Chosen on the
 *  development half of the versions benchmark among 0.4, 0.5, 0.6, 0.8 and 1. */
const sharpening = 0.6;

/** In hops: together, and 0.26, 0.51, 1.0 and 2.0 s later. */
const lags = [0, 4, 8, 16, 32];
/** Intervals above 6 semitones are the same pairs again. */
const intervals = range(0, 7);
const pitchClasses = 12;

export const harmonyDimensions = lags.length * intervals.length * pitchClasses;

export function writeHarmony(graph: GraphWriter, samples: Value, sampleRateHz: number): Value {
  const slow = writeDecimated(graph, samples, sampleRateHz);
  const magnitudes = writeSemitones(graph, slow, sampleRateHz / decimation);
  return writeTriples(graph, writeProfiles(graph, magnitudes));
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

/** [batch, blocks, hop] -> [batch, blocks - 7, semitones], square roots of magnitudes.
 *
 *  A kernel of k hops is cut into k parts; one product gives every part's answer for every block, and the answers of
 *  neighbouring blocks are then added up. Nothing is copied into overlapping frames.
 */
function writeSemitones(graph: GraphWriter, slow: Value, slowRateHz: number): Value {
  const kernels = kernelTable(groups, hop, slowRateHz);
  const parts = graph.node('MatMul', 'semitone_parts', [slow, graph.floats('kernels', kernels.dims, kernels.values)]);
  const sums = groups.map((group) => {
    const terms = partColumns(groups, group).map(([from, to], part) => {
      const name = `semitones_${group.hops}_${part}`;
      const offset = (longestHops - group.hops) / 2 + part;
      const trailing = longestHops - 1 - offset;
      const columns = graph.slice(`${name}_columns`, parts, 2, from, to);
      return graph.slice(name, columns, 1, offset, trailing === 0 ? Number.MAX_SAFE_INTEGER : -trailing);
    });
    return graph.node('Sum', `semitones_${group.hops}`, terms);
  });
  const squares = groups.map((group, i) => {
    const sum = sums[i] ?? '';
    const squared = graph.node('Mul', `squared_${group.hops}`, [sum, sum]);
    const notes = group.toMidi - group.fromMidi;
    const real = graph.slice(`real_${group.hops}`, squared, 2, 0, notes);
    return graph.node('Add', `power_${group.hops}`, [
      real,
      graph.slice(`imaginary_${group.hops}`, squared, 2, notes, 2 * notes),
    ]);
  });
  const power = graph.node('Concat', 'semitone_power', squares, { axis: 2 });
  return graph.node('Sqrt', 'semitone_root', [graph.node('Sqrt', 'semitone_magnitude', [power])]);
}

/** [batch, frames, semitones] -> [batch, frames, 12]; a frame far below the window's usual level stays short. */
function writeProfiles(graph: GraphWriter, roots: Value): Value {
  const notes = range(lowestMidi, highestMidi + 1);
  const semitones = notes.length + 2;
  const sharpen = new Float64Array(semitones * notes.length);
  const fold = new Float64Array(notes.length * pitchClasses);
  notes.forEach((midi, note) => {
    sharpen[note * notes.length + note] = -sharpening;
    sharpen[(note + 1) * notes.length + note] = 1;
    sharpen[(note + 2) * notes.length + note] = -sharpening;
    fold[note * pitchClasses + (midi % pitchClasses)] = 1;
  });
  const sharpTable = graph.floats('sharpen', [semitones, notes.length], sharpen);
  const sharp = graph.node('Relu', 'semitone_sharp', [
    graph.node('MatMul', 'semitone_difference', [roots, sharpTable]),
  ]);
  const foldTable = graph.floats('fold_octaves', [notes.length, pitchClasses], fold);
  const profile = graph.node('MatMul', 'profile', [sharp, foldTable]);
  const length = graph.node('ReduceL2', 'profile_length', [profile], { axes: [2], keepdims: 1 });
  const usual = graph.node('Mul', 'profile_tenth', [graph.mean('profile_usual', length, [1]), graph.scalar(0.1)]);
  const safe = graph.node('Add', 'profile_safe', [
    graph.node('Add', 'profile_sum', [length, usual]),
    graph.scalar(1e-9),
  ]);
  return graph.node('Div', 'profile_unit', [profile, safe]);
}

function writeTriples(graph: GraphWriter, profiles: Value): Value {
  const shifted = (name: string, shifts: readonly number[], factor: (p: number, shift: number) => number): Value => {
    const table = new Float64Array(pitchClasses * pitchClasses * shifts.length);
    for (let p = 0; p < pitchClasses; p++) {
      shifts.forEach((shift, column) => {
        table[factor(p, shift) * pitchClasses * shifts.length + p * shifts.length + column] = 1;
      });
    }
    const constant = graph.floats(`${name}_table`, [pitchClasses, pitchClasses * shifts.length], table);
    return graph.node('MatMul', name, [profiles, constant]);
  };
  const above = (p: number, shift: number): number => (p + shift) % pitchClasses;
  const pairs = graph.node('Mul', 'pairs', [
    shifted('pair_low', intervals, (p) => p),
    shifted('pair_high', intervals, above),
  ]);
  const thirds = shifted('thirds', range(0, pitchClasses), above);
  const triples = lags.map((lag) => writeTriple(graph, pairs, thirds, lag));
  return graph.node('Concat', 'harmony', triples, { axis: 1 });
}

function writeTriple(graph: GraphWriter, pairs: Value, thirds: Value, lag: number): Value {
  const name = `triple_${lag}`;
  const earlier = lag === 0 ? pairs : graph.slice(`${name}_earlier`, pairs, 1, 0, -lag);
  const later = lag === 0 ? thirds : graph.slice(`${name}_later`, thirds, 1, lag, Number.MAX_SAFE_INTEGER);
  const left = graph.reshape(`${name}_left`, earlier, [0, -1, intervals.length]);
  const right = graph.reshape(`${name}_right`, later, [0, -1, pitchClasses]);
  const turned = graph.node('Transpose', `${name}_turned`, [left], { perm: [0, 2, 1] });
  const sum = graph.node('MatMul', `${name}_sum`, [turned, right]);
  const rows = graph.node(
    'Cast',
    `${name}_rows`,
    [graph.node('Gather', `${name}_row_count`, [graph.node('Shape', `${name}_shape`, [right]), graph.ints([1])])],
    { to: 1 },
  );
  // Rows are frames times pitch classes.
  const mean = graph.node('Div', `${name}_mean`, [sum, rows]);
  return graph.reshape(name, mean, [0, intervals.length * pitchClasses]);
}
