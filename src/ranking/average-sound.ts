/** The average sound of a recording: the mean of its chunks' vectors in the part *sound*, as a unit vector. Pure.
 *
 *  The votes of chunks depend on their nearest neighbours only. The cosine of two averages is proportional to the mean similarity
 *  of all pairs of chunks, so it depends on all of them. It has no moment to show, so it is added to the votes and does not replace
 *  them. Measured in bench/QUALITY.md, "Average sound".
 */
import { partOf, type SpacePart } from './space-parts.ts';

/** The part that has an average; undefined in spaces of one part. */
export function soundPartOf(parts: readonly SpacePart[]): SpacePart | undefined {
  return parts.find(({ name }) => name === 'sound');
}

/** The average sound of chunks; null without chunks, and in spaces of one part. */
export function averageSoundOf(
  chunks: readonly { readonly vector: Float32Array }[],
  parts: readonly SpacePart[],
): Float32Array | null {
  const sound = soundPartOf(parts);
  return sound ? averageOf(chunks.map(({ vector }) => partOf(vector, sound))) : null;
}

/** @param vectors of the part, all of the same length and scale
 *  @returns null without vectors, or if they cancel each other out */
export function averageOf(vectors: Iterable<Float32Array>): Float32Array | null {
  let sum: Float64Array | null = null;
  for (const vector of vectors) {
    sum ??= new Float64Array(vector.length);
    for (const [at, value] of vector.entries()) sum[at] = (sum[at] ?? 0) + value;
  }
  if (sum === null) return null;
  const length = Math.sqrt(dot(sum, sum));
  return length > 0 ? Float32Array.from(sum, (value) => value / length) : null;
}

/** How similar the average of each track is to the query's, less the mean over these tracks: [-2, 2], 0 for a usual one.
 *  @param query shape [dimensions of the part], as the tracks' averages */
export function similaritiesOfAverages(
  query: Float32Array,
  tracks: ReadonlyMap<number, Float32Array>,
): Map<number, number> {
  const cosines = [...tracks].map(([trackId, average]) => [trackId, dot(query, average)] as const);
  const mean = cosines.reduce((total, [, cosine]) => total + cosine, 0) / Math.max(1, cosines.length);
  return new Map(cosines.map(([trackId, cosine]) => [trackId, cosine - mean]));
}

function dot(one: Float32Array | Float64Array, other: Float32Array | Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] as number) * (other[at] as number);
  return sum;
}
