/** The port to whatever finds nearest vectors: FAISS in processes of its own (faiss-index.ts) is the one that ships.
 *
 *  Whoever implements it promises an exact search: the answer depends on the vectors alone, not on how they are
 *  spread over processes, on the batch they are asked in, or on the processor's kernels.
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
   *  @param vectors unit vectors, shape [queries][dimensions]; none gives none
   *  @param k       at least 1; more than there are rows gives all of them
   *  @returns       shape [queries][min(k, rowCount)]; best first, ties by row
   *  @throws {RangeError} on a vector of another length, with a value that is not finite, or not of unit length; on k < 1
   *  @throws {LeitmotifError} `index-unavailable`, `queue-full` or `cancelled`
   */
  search(vectors: readonly Float32Array[], k: number, options: SearchOptions): Promise<Neighbour[][]>;

  /** Lets running searches finish, then frees what the index holds. Later searches are refused. */
  close(): Promise<void>;
}

/** How far a vector's length may be from 1: half precision rounds to 0.0005, and an unfinished vector is far off. */
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

/** One NaN or Infinity makes the length so: no second look at each value is needed. */
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

/** One query's neighbours out of each part's neighbours: exact, since each part returned its own best k. */
export function mergeNeighbours(parts: readonly (readonly Neighbour[])[], k: number): Neighbour[] {
  return parts.flat().sort(byBestNeighbour).slice(0, k);
}
