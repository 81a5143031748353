/** Validates a whole file before any of it is stored, so that an error at its end leaves the catalog unchanged. */
import { LeitmotifError } from '../errors.ts';
import { lengthOf } from '../index/vector-index.ts';
import { type ExchangeRow, type PlacedRow, refused } from './exchange-row.ts';

export interface CheckedFile {
  readonly rows: number;
  readonly tracks: number;
  readonly dimensions: number;
  /** Null when no row names a space. */
  readonly spaceId: string | null;
  /** 1 when no file has a chunk 0: then chunk ids start at 1. */
  readonly firstChunkId: 0 | 1;
  /** Rows without times. */
  readonly rowsWithoutTimes: number;
}

/** Tolerance for unit vectors in half precision; a larger deviation means that the vector was never normalised. */
export const unitTolerance = 1e-3;

/** @throws {LeitmotifError} 'import-refused', naming row and reason; 'space-mismatch' when rows are of several spaces */
export async function checkRows(rows: AsyncIterable<PlacedRow>, signal: AbortSignal): Promise<CheckedFile> {
  const known = new Map<string, Set<number>>();
  let count = 0;
  let without = 0;
  let first: ExchangeRow | null = null;
  let current: string | null = null;
  let leastId = Number.POSITIVE_INFINITY;
  for await (const { row, where } of rows) {
    signal.throwIfAborted();
    first ??= row;
    checkVector(row, first, where);
    checkSpace(row, first, where);
    const ids = known.get(row.fileName) ?? new Set();
    if (ids.size > 0 && row.fileName !== current) {
      throw refused(where, `chunks of ${row.fileName} are in two places; sort the rows by file_name`);
    }
    if (ids.has(row.chunkId)) throw refused(where, `chunk ${row.chunkId} of ${row.fileName} is there twice`);
    known.set(row.fileName, ids.add(row.chunkId));
    current = row.fileName;
    leastId = Math.min(leastId, row.chunkId);
    count += 1;
    if (row.span === null) without += 1;
  }
  if (!first) throw refused('the file', 'no chunk is in it');
  return {
    rows: count,
    tracks: known.size,
    dimensions: first.embedding.length,
    spaceId: first.spaceId,
    firstChunkId: leastId === 1 ? 1 : 0,
    rowsWithoutTimes: without,
  };
}

function checkVector({ embedding, kind }: ExchangeRow, first: ExchangeRow, where: string): void {
  const expected = first.embedding.length;
  if (embedding.length !== expected) {
    throw refused(where, `expected ${expected} values in "embedding" as in the first row, got ${embedding.length}`);
  }
  const length = lengthOf(embedding);
  if (!Number.isFinite(length)) throw refused(where, 'a value in "embedding" is not a number, or too large for one');
  if (length === 0 && (kind ?? 'music') === 'music') throw refused(where, '"embedding" holds zeros only');
}

function checkSpace({ spaceId }: ExchangeRow, first: ExchangeRow, where: string): void {
  if (spaceId === first.spaceId) return;
  const name = (id: string | null) => id ?? 'none';
  throw new LeitmotifError(
    'space-mismatch',
    `Cannot import ${where}: expected the space ${name(first.spaceId)} as in the first row, got ${name(spaceId)}`,
  );
}
