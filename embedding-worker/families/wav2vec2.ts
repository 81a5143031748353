/** Wav2Vec2 and networks of its shape (HuBERT, WavLM): normalised samples in, one vector for each 20 ms out. The embedding is
 *  their mean over time.
 *
 *  @see https://arxiv.org/abs/2006.11477, and `Wav2Vec2FeatureExtractor` of transformers for the normalisation
 */
import { type Family, unitLength } from './family.ts';

/** As in the extractor. */
const varianceFloor = 1e-7;

export const wav2vec2Family: Family = {
  frontEnd: null,
  prepare: normalise,
  finish: (row, dimensions) => unitLength(meanOverFrames(row, dimensions)),
};

/** @returns (x - mean) / sqrt(variance + 1e-7) over the window's own samples */
export function normalise(window: Float32Array): Float32Array {
  let sum = 0;
  for (const value of window) sum += value;
  const mean = sum / window.length;
  let squares = 0;
  for (const value of window) squares += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / window.length + varianceFloor);
  return window.map((value) => (value - mean) * scale);
}

/** @param row shape [frames, dimensions], row-major @returns shape [dimensions] */
function meanOverFrames(row: Float32Array, dimensions: number): Float32Array {
  const frames = row.length / dimensions;
  if (!Number.isInteger(frames) || frames === 0) {
    throw new RangeError(`Cannot average frames: expected rows of ${dimensions} values, got ${row.length} values`);
  }
  const sums = new Float64Array(dimensions);
  for (let at = 0; at < row.length; at++) {
    const axis = at % dimensions;
    sums[axis] = (sums[axis] ?? 0) + (row[at] ?? 0);
  }
  return Float32Array.from(sums, (sum) => sum / frames);
}
