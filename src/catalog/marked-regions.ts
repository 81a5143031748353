/** Regions of a space that an admin has marked as not music. Pure.
 *
 *  A region is what one group of a clustering was: all that is nearer to its centre than to the other centres, and no
 *  farther from it than the farthest chunk that the admin was shown. So what is marked is what was shown, and what comes
 *  later is held to the same rule.
 */

export interface Region {
  /** Shape [groups][dimensions], one after the other: the centres of the clustering, of any length. */
  readonly centres: Float32Array;
  /** Which of them is the region's. */
  readonly centre: number;
  /** Inner product with the centre, at least. */
  readonly minSimilarity: number;
}

export interface Nearest {
  readonly centre: number;
  /** Inner product of the vector and the centre scaled to unit length, [-1, 1]. */
  readonly similarity: number;
}

/** The centre of the least Euclidean distance, the first of equals: what k-means goes by.
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
