/** Statistics of pitch that depend on the key: the register of the notes, and how clearly they stand out.
 *
 *  They describe instruments and texture more than harmony, and belong to the timbre half. All are relative to the window's
 *  mean level. Out: [batch, registerDimensions].
 */
import type { GraphWriter, Value } from '../onnx-graph/graph-writer.ts';
import { semitoneCount, tunings } from './semitones.ts';
import { range } from './tables.ts';

/** A level for each semitone, and four numbers on texture. */
export const registerDimensions = semitoneCount + 4;

/** @param roots [batch, frames, tunings * semitoneCount] @param sharp [batch, frames, tunings * notes] */
export function writeRegister(graph: GraphWriter, roots: Value, sharp: Value): Value {
  const level = graph.node('Add', 'root_level_safe', [graph.mean('root_level', roots, [1, 2]), graph.scalar(1e-9)]);
  const levels = graph.node('Div', 'register_levels', [graph.mean('root_mean', roots, [1]), level]);
  const average = new Float64Array(tunings.length * semitoneCount * semitoneCount);
  for (const tuning of range(0, tunings.length)) {
    for (const note of range(0, semitoneCount)) {
      average[(tuning * semitoneCount + note) * semitoneCount + note] = 1 / tunings.length;
    }
  }
  const table = graph.floats('average_tunings', [tunings.length * semitoneCount, semitoneCount], average);
  const register = graph.reshape('register', graph.node('MatMul', 'register_levels_mean', [levels, table]), [0, -1]);
  const texture = writeTexture(graph, graph.node('Div', 'sharp_relative', [sharp, level]));
  return graph.node('Concat', 'pitch_register', [register, ...texture], { axis: 1 });
}

/** How many notes stand out at a time, how much, how unsteadily, and how much of it changes from frame to frame.
 *  Each [batch, 1]. */
function writeTexture(graph: GraphWriter, sharp: Value): Value[] {
  const sum = graph.node('ReduceL1', 'sharp_sum', [sharp], { axes: [2], keepdims: 0 });
  const squares = graph.node('ReduceSumSquare', 'sharp_squares', [sharp], { axes: [2], keepdims: 0 });
  const safe = graph.node('Add', 'sharp_squares_safe', [squares, graph.scalar(1e-6)]);
  // The participation ratio: the number of equal notes that would give the same two sums.
  const count = graph.node('Div', 'sharp_count', [graph.node('Mul', 'sharp_sum_squared', [sum, sum]), safe]);
  const mean = graph.mean('sharp_mean', sum, [1]);
  const centred = graph.node('Sub', 'sharp_centred', [sum, mean]);
  const variance = graph.mean('sharp_variance', graph.node('Mul', 'sharp_centred_squared', [centred, centred]), [1]);
  const change = graph.node('Sub', 'sharp_change', [
    graph.slice('sharp_later', sharp, 1, 1, Number.MAX_SAFE_INTEGER),
    graph.slice('sharp_earlier', sharp, 1, 0, -1),
  ]);
  const moved = graph.node('ReduceL1', 'sharp_moved', [change], { axes: [2], keepdims: 0 });
  const deviation = graph.node('Sqrt', 'sharp_deviation', [variance]);
  return [graph.mean('sharp_count_mean', count, [1]), mean, deviation, graph.mean('sharp_moved_mean', moved, [1])];
}
