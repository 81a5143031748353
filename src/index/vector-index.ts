/** The port to a nearest-neighbour index. The implementation that ships is FAISS in separate processes (faiss-index.ts).
 *
 *  Implementations must search exactly: the result depends on the vectors alone, not on how they are spread over
 *  processes, on the batch size, or on the processor's kernels.
 */

export interface Neighbour {
  /** The row of the index, from 0. */
  readonly row: number;
  /** Cosine similarity, [-1, 1]. */
  readonly similarity: number;
}

export interface SearchOptions {
  readonly signal: AbortSignal;
}

export interface VectorIndex {
  readonly rowCount: number;
  readonly dimensions: number;

  /** The k nearest rows of each vector.
   *
   *  @param vectors unit vectors, shape [queries][dimensions]; an empty array gives an empty result
   *  @param k       at least 1; if it exceeds the number of rows, all rows are returned
   *  @returns       shape [queries][min(k, rowCount)]; best first, ties by row
   *  @throws {RangeError} on a vector of another length, with a value that is not finite, or not of unit length; on k < 1
   *  @throws {LeitmotifError} `index-unavailable`, `queue-full` or `cancelled`
   */
  search(vectors: readonly Float32Array[], k: number, options: SearchOptions): Promise<Neighbour[][]>;

  /** Lets running searches finish, then frees the index. Later searches are refused. */
  close(): Promise<void>;
}

/** Tolerance of a vector's length around 1: half precision rounds to 0.0005; unnormalised vectors are far off. */
const unitTolerance = 0.01;

/** @throws {RangeError} unless `vector` is a finite unit vector of that many dimensions */
export function assertUnitVector(vector: Float32Array, dimensions: number): void {
  if (vector.length !== dimensions) {
    throw new RangeError(`Cannot use a vector: expected ${dimensions} values, got ${vector.length}`);
  }
  const length = lengthOf(vector);
  if (!(Math.abs(length - 1) <= unitTolerance)) {
    throw new RangeError(`Cannot use a vector: expected finite values of length 1, got length ${length}`);
  }
}

/** A NaN or Infinity value makes the length NaN or Infinity, so values need no separate check. */
export function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/** @throws {RangeError} unless k is a whole number from 1 */
export function assertNeighbourCount(k: number): void {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new RangeError(`Cannot search: expected a number of neighbours from 1, got ${k}`);
  }
}

export function byBestNeighbour(a: Neighbour, b: Neighbour): number {
  return b.similarity - a.similarity || a.row - b.row;
}

/** Merges one query's neighbours from all parts. Exact, because each part returned its own best k. */
export function mergeNeighbours(parts: readonly (readonly Neighbour[])[], k: number): Neighbour[] {
  return parts.flat().sort(byBestNeighbour).slice(0, k);
}
