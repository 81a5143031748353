/** The harmony half of the graph: how pitch classes sound together and follow one another, the same in every key.
 *
 *  semitones -> sharpened -> 12 pitch classes c(t) of the better tuning, frames of about unit length -> for each lag
 *  the triple correlation
 *
 *      T[lag, i, j] = mean over t of  sum over p of  c(t)[p] * c(t)[p + i] * c(t + lag)[p + j]     (pitch classes mod 12)
 *
 *  A pair of notes an interval i apart and a note j above the lower one, `lag` later. The sum over p makes it the same
 *  in every key, exactly for pitch classes and nearly so for sound; unlike a power spectrum of the profile it tells
 *  major from minor and keeps the direction of motion. Out: [batch, harmonyDimensions].
 *
 *  @see Fujishima 1999 for pitch class profiles; Kondor 2008, "Group theoretical methods in machine learning",
 *  chapter 8, for triple correlations as invariants of a group
 */
import type { GraphWriter, Value } from '../onnx-graph/graph-writer.ts';
import { notes, semitoneCount, tunings } from './semitones.ts';
import { range } from './tables.ts';

/** Share of both neighbours' magnitude taken from each semitone: undoes the leakage of the kernels. Chosen on the
 *  development half of the versions benchmark among 0.4, 0.5, 0.6, 0.8 and 1. */
const sharpening = 0.6;
/** How firmly the tuning with the more pronounced profile is taken: shares in proportion to this power. */
const tuningPower = 16;

/** In hops: together, and 0.26, 0.51, 1.0 and 2.0 s later. */
const lags = [0, 4, 8, 16, 32];
/** Intervals above 6 semitones are the same pairs again. */
const intervals = range(0, 7);
const pitchClasses = 12;

export const harmonyDimensions = lags.length * intervals.length * pitchClasses;

/** [batch, frames, tunings * semitoneCount] -> [batch, frames, tunings * notes], not negative. */
export function writeSharpened(graph: GraphWriter, roots: Value): Value {
  const columns = tunings.length * notes.length;
  const table = new Float64Array(tunings.length * semitoneCount * columns);
  for (const tuning of range(0, tunings.length)) {
    for (const note of range(0, notes.length)) {
      const at = (neighbour: number): number =>
        (tuning * semitoneCount + note + neighbour) * columns + tuning * notes.length + note;
      table[at(0)] = -sharpening;
      table[at(1)] = 1;
      table[at(2)] = -sharpening;
    }
  }
  const factor = graph.floats('sharpen', [tunings.length * semitoneCount, columns], table);
  return graph.node('Relu', 'semitone_sharp', [graph.node('MatMul', 'semitone_difference', [roots, factor])]);
}

export function writeHarmony(graph: GraphWriter, sharp: Value): Value {
  return writeTriples(graph, writeUnitFrames(graph, writeTuned(graph, writeProfiles(graph, sharp))));
}

/** [batch, frames, tunings * notes] -> [batch, frames, tunings, 12]. */
function writeProfiles(graph: GraphWriter, sharp: Value): Value {
  const columns = tunings.length * pitchClasses;
  const fold = new Float64Array(tunings.length * notes.length * columns);
  for (const tuning of range(0, tunings.length)) {
    notes.forEach((midi, note) => {
      fold[(tuning * notes.length + note) * columns + tuning * pitchClasses + (midi % pitchClasses)] = 1;
    });
  }
  const folded = graph.node('MatMul', 'profiles', [
    sharp,
    graph.floats('fold_octaves', [tunings.length * notes.length, columns], fold),
  ]);
  return graph.reshape('profiles_tuned', folded, [0, -1, tunings.length, pitchClasses]);
}

/** [batch, frames, tunings, 12] -> [batch, frames, 12], mostly of the tuning whose profile stands out more. */
function writeTuned(graph: GraphWriter, profiles: Value): Value {
  const energy = graph.mean('tuning_energy', graph.node('Mul', 'profiles_squared', [profiles, profiles]), [1, 3]);
  const total = graph.node('Add', 'tuning_total', [graph.mean('tuning_mean', energy, [2]), graph.scalar(1e-20)]);
  const ratio = graph.node('Div', 'tuning_ratio', [energy, total]);
  const firm = graph.node('Pow', 'tuning_firm', [ratio, graph.scalar(tuningPower)]);
  const firmTotal = graph.node('Add', 'tuning_firm_total', [
    graph.mean('tuning_firm_mean', firm, [2]),
    graph.scalar(1e-20),
  ]);
  const weighted = graph.node('Mul', 'profiles_weighted', [
    profiles,
    graph.node('Div', 'tuning_weight', [firm, firmTotal]),
  ]);
  return graph.mean('profile', weighted, [2], false);
}

/** A frame far below the window's usual level stays short, so that pauses and tails count for little. */
function writeUnitFrames(graph: GraphWriter, profile: Value): Value {
  const length = graph.node('ReduceL2', 'profile_length', [profile], { axes: [2], keepdims: 1 });
  const usual = graph.node('Mul', 'profile_tenth', [graph.mean('profile_usual', length, [1]), graph.scalar(0.1)]);
  const sum = graph.node('Add', 'profile_sum', [length, usual]);
  return graph.node('Div', 'profile_unit', [profile, graph.node('Add', 'profile_safe', [sum, graph.scalar(1e-9)])]);
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
