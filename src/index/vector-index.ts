/** The port to a nearest-neighbour index: FAISS in separate processes (faiss-index.ts), or a Milvus server (milvus/milvus-index.ts).
 *
 *  A space has one or more parts (ranking/space-parts.ts). Each part is searched; a row that is near in any part is returned
 *  with its similarity in every part.
 *
 *  The result of an exact search depends on the vectors alone, not on how they are spread over processes, on the batch size,
 *  or on the processor's kernels. An index that may miss neighbours (HNSW, IVF in Milvus) is one that its operator chose.
 */
import { LeitmotifError } from '../errors.ts';
import type { SpacePart } from '../ranking/space-parts.ts';

export interface Neighbour {
  /** The row of the index, from 0. */
  readonly row: number;
  /** Cosine similarity of the whole vectors, [-1, 1]. */
  readonly similarity: number;
  /** Cosine similarity of each part, in the order of the index's parts; [similarity] if there is one. */
  readonly ofParts: readonly number[];
}

export interface SearchOptions {
  readonly signal: AbortSignal;
}

export interface VectorIndex {
  readonly rowCount: number;
  readonly dimensions: number;
  readonly parts: readonly SpacePart[];

  /** The rows that are among the k nearest of each vector in at least one part.
   *
   *  @param vectors unit vectors, shape [queries][dimensions]; an empty array gives an empty result
   *  @param k       at least 1; if it exceeds the number of rows, all rows are returned
   *  @returns       shape [queries][min(k, rowCount) or more]; best first by the whole similarity, ties by row
   *  @throws {RangeError} on a vector of another length, with a value that is not finite, or not of unit length; on k < 1
   *  @throws {LeitmotifError} `index-unavailable`, `queue-full` or `cancelled`
   */
  search(vectors: readonly Float32Array[], k: number, options: SearchOptions): Promise<Neighbour[][]>;

  /** Lets running searches finish, then frees the index. Later searches are refused. */
  close(): Promise<void>;
}

/** An index that an engine opened. */
export interface OpenIndex extends VectorIndex {
  /** Ids of the processes on this machine that search; none if a server does. */
  pids(): Promise<number[]>;
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

/** Checks a request as VectorIndex.search promises, and searches batches of it one after the other.
 *  @param search of one batch */
export async function searchInBatches(
  vectors: readonly Float32Array[],
  k: number,
  { dimensions, batchMax }: { readonly dimensions: number; readonly batchMax: number },
  search: (batch: readonly Float32Array[]) => Promise<Neighbour[][]>,
): Promise<Neighbour[][]> {
  assertNeighbourCount(k);
  for (const vector of vectors) assertUnitVector(vector, dimensions);
  const found: Neighbour[][] = [];
  for (let first = 0; first < vectors.length; first += batchMax) {
    found.push(...(await search(vectors.slice(first, first + batchMax))));
  }
  return found;
}

/** @throws {LeitmotifError} `index-unavailable`, `queue-full`, `cancelled` */
export function assertMaySearch(
  {
    isClosed,
    waiting,
    waitingMax,
  }: { readonly isClosed: boolean; readonly waiting: number; readonly waitingMax: number },
  signal: AbortSignal,
): void {
  if (isClosed) throw new LeitmotifError('index-unavailable', 'Cannot search: the index was closed');
  if (waiting >= waitingMax) {
    throw new LeitmotifError('queue-full', `Cannot search: expected at most ${waitingMax} searches waiting`);
  }
  throwIfCancelled(signal);
}

/** @throws {LeitmotifError} `cancelled` */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelledSearch(signal);
}

export function cancelledSearch(signal: AbortSignal): LeitmotifError {
  return new LeitmotifError('cancelled', 'The search was cancelled', { cause: signal.reason });
}

export function byBestNeighbour(a: Neighbour, b: Neighbour): number {
  return b.similarity - a.similarity || a.row - b.row;
}

/** The cosine of two vectors from those of their parts. */
export function wholeSimilarity(parts: readonly SpacePart[], ofParts: readonly number[]): number {
  return Math.fround(ofParts.reduce((sum, similarity, part) => sum + similarity * (parts[part]?.weight ?? 0), 0));
}

/** Merges one query's neighbours from all shards. Exact, because each shard returned its own k best of every part. */
export function mergeNeighbours(shards: readonly (readonly Neighbour[])[], k: number): Neighbour[] {
  return nearestInAnyPart(shards.flat(), k).sort(byBestNeighbour);
}

/** The neighbours that are among the k nearest in at least one part, ties by row; their order is kept. */
export function nearestInAnyPart<T extends Pick<Neighbour, 'row' | 'ofParts'>>(found: readonly T[], k: number): T[] {
  const partCount = found[0]?.ofParts.length ?? 0;
  if (found.length <= k) return [...found];
  const near = new Set<T>();
  for (let part = 0; part < partCount; part++) for (const one of nearestInPart(found, part, k)) near.add(one);
  return found.filter((one) => near.has(one));
}

/** @returns best first by the part's similarity, ties by row */
export function nearestInPart<T extends Pick<Neighbour, 'row' | 'ofParts'>>(
  found: readonly T[],
  part: number,
  k: number,
): T[] {
  const similarityOf = ({ ofParts }: T): number => ofParts[part] ?? -1;
  return [...found].sort((a, b) => similarityOf(b) - similarityOf(a) || a.row - b.row).slice(0, k);
}
