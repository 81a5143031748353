/** Regions of a space that an admin has marked as not music. Pure.
 *
 *  A region is one group of a clustering: all vectors that are nearer to its centre than to the other centres and not
 *  much farther from it than the farthest chunk of the group. So a mark covers the group that the admin saw, and later
 *  chunks follow the same rule.
 */

export interface Region {
  /** Shape [groups][dimensions], row by row: the centres of the clustering; vectors of any length. */
  readonly centres: Float32Array;
  /** Index of the region's centre. */
  readonly centre: number;
  /** Lowest inner product with the centre. */
  readonly minSimilarity: number;
}

export interface Nearest {
  readonly centre: number;
  /** Inner product of the vector and the centre scaled to unit length, [-1, 1]. */
  readonly similarity: number;
}

/** The centre with the smallest Euclidean distance, as in k-means; ties: the first.
 *  @param vector shape [dimensions], unit length */
export function nearestCentre(centres: Float32Array, vector: Float32Array): Nearest {
  const dimensions = vector.length;
  let best = 0;
  let bestDistance = Number.POSITIVE_INFINITY;
  let similarity = 0;
  for (let centre = 0; centre * dimensions < centres.length; centre += 1) {
    let product = 0;
    let square = 0;
    const from = centre * dimensions;
    for (let i = 0; i < dimensions; i += 1) {
      const value = centres[from + i] as number;
      product += value * (vector[i] as number);
      square += value * value;
    }
    const distance = square - 2 * product;
    if (distance < bestDistance) {
      best = centre;
      bestDistance = distance;
      similarity = square === 0 ? 0 : product / Math.sqrt(square);
    }
  }
  return { centre: best, similarity };
}

export function isInRegion({ centres, centre, minSimilarity }: Region, vector: Float32Array): boolean {
  const nearest = nearestCentre(centres, vector);
  return nearest.centre === centre && nearest.similarity >= minSimilarity;
}
