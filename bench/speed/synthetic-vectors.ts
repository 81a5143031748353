/** A synthetic library: unit vectors clustered around tracks like real ones, from a seed. */
import type { IndexedRow } from '../../src/index/row-writer.ts';
import { seededRandom } from '../../src/io/random.ts';

/** 30 chunks of 10 s: 13,171 tracks of 5 minutes make 400,000. */
const chunksPerTrack = 30;
const windowSec = 10;
/** Length of the deviation from the track's centre, whose length is 1: chunks of one track then have a cosine distance of 0.2,
 *  the original's "very similar". */
const spread = 0.5;
/** Noise is taken from a pool at random places: drawing 200 million numbers would take longer than the benchmark. */
const poolSize = 1 << 20;

export interface SyntheticVectors {
  rows(rowCount: number): Generator<IndexedRow>;
  /** Chunks of a recording near, but not in, the library. */
  queries(count: number): Float32Array[];
}

export function syntheticVectors(dimensions: number, seed: number): SyntheticVectors {
  const draw = seededRandom(seed);
  // The sum of twelve uniform numbers approximates a normal distribution.
  const bell = () => Array.from({ length: 12 }, draw).reduce((sum, value) => sum + value, -6);
  const pool = Float32Array.from({ length: poolSize }, bell);
  const near = (centre: Float32Array | null, random: () => number): Float32Array => {
    const from = Math.floor(random() * (poolSize - dimensions));
    const scale = spread / Math.sqrt(dimensions);
    const vector = new Float32Array(dimensions);
    let squares = 0;
    for (let i = 0; i < dimensions; i += 1) {
      const value = (centre?.[i] ?? 0) + scale * (pool[from + i] ?? 0);
      vector[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let i = 0; i < dimensions; i += 1) vector[i] = (vector[i] ?? 0) / length;
    return vector;
  };
  return {
    *rows(rowCount) {
      const random = seededRandom(seed + 1);
      let centre = near(null, random);
      for (let row = 0; row < rowCount; row += 1) {
        if (row % chunksPerTrack === 0) centre = near(null, random);
        const startSec = (row % chunksPerTrack) * windowSec;
        const trackId = Math.floor(row / chunksPerTrack) + 1;
        const chunk = { trackId, startSec, endSec: startSec + windowSec, overlapSec: 0 };
        yield { chunk, vector: near(centre, random) };
      }
    },
    queries(count) {
      const random = seededRandom(seed + 2);
      const centre = near(null, random);
      return Array.from({ length: count }, () => near(centre, random));
    },
  };
}
