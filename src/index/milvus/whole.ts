/** Whether the collections of a generation are whole: after a restart, Milvus answers from what is loaded, without an error. */
import type { MilvusClient } from './client.ts';
import { corruptCollection, MilvusFailure } from './failures.ts';
import { evenPlaces, type ReferenceVectors } from './references.ts';
import { type IndexType, searchParameters } from './settings.ts';

export interface CollectionCheck {
  readonly client: MilvusClient;
  readonly collection: string;
  readonly dimensions: number;
  readonly rowCount: number;
  /** Rows of the generation that must be there. */
  readonly liveRows: number;
  /** Those of rows that the generation has. */
  readonly references: ReferenceVectors;
  /** How the sampled rows are searched, which costs as much as a query. Null where nobody is answered, and where an open index
   *  of the same collection is whole. */
  readonly search: { readonly indexType: IndexType; readonly effort: number } | null;
  readonly readyWithinMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Of the references, spread evenly: each costs a search. A search of 64 in a million rows takes about as long as a query. */
const sampleSize = 64;
/** Rows with the same vector are equally near. */
const duplicatesMax = 20;
const never = new AbortController().signal;

/** Waits until the collection is loaded; counts its rows; reads sampled rows back and compares every byte; searches them if asked.
 *  @throws {LeitmotifError} `index-corrupt` if rows are missing or differ, `index-unavailable`, `cancelled` */
export async function assertWhole(check: CollectionCheck): Promise<void> {
  const { client, collection, dimensions, readyWithinMs, signal } = check;
  const found = await client.dimensionsOf(collection, signal);
  if (found === null) throw corruptCollection(collection, `it does not exist in Milvus at ${client.address}`);
  if (found !== dimensions) {
    const got = Number.isNaN(found) ? 'other fields' : `vectors of ${found}`;
    throw corruptCollection(collection, `expected vectors of ${dimensions} dimensions, got ${got}`);
  }
  await client.ready(collection, signal, readyWithinMs);
  const sample = sampleOf(check.references);
  const checks = [assertCount(check), assertSame(check, sample)];
  if (check.search) checks.push(assertFound(check, sample, check.search));
  await settleAll(checks);
}

/** Waits for checks that run at once, because each waits for the server's clock.
 *  @throws the failure of the first that failed: it is the reason of the others */
export async function settleAll(checks: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(checks)).find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

async function assertCount({ client, collection, rowCount, liveRows, signal }: CollectionCheck): Promise<void> {
  const count = await client.count(collection, `row < ${rowCount}`, signal);
  if (!(count >= liveRows)) throw corruptCollection(collection, `expected ${liveRows} rows or more, got ${count}`);
}

function sampleOf({ rows, vectors }: ReferenceVectors): ReferenceVectors {
  const places = evenPlaces(rows.length, sampleSize);
  return { rows: places.map((at) => rows[at] ?? 0), vectors: places.map((at) => vectors[at] ?? new Float32Array()) };
}

async function assertSame(
  { client, collection, signal }: CollectionCheck,
  { rows, vectors }: ReferenceVectors,
): Promise<void> {
  const stored = await client.vectors(collection, rows, signal);
  for (const [at, row] of rows.entries()) {
    const same = stored.get(row);
    if (same === undefined) throw corruptCollection(collection, `row ${row} is missing`);
    if (Buffer.compare(bytesOf(same), bytesOf(vectors[at] ?? same)) !== 0) {
      throw corruptCollection(collection, `row ${row} differs from the catalog's vector`);
    }
  }
}

/** Every sampled row must be found by its own vector. Approximate indexes miss some. */
async function assertFound(
  { client, collection, rowCount, signal = never }: CollectionCheck,
  { rows, vectors }: ReferenceVectors,
  { indexType, effort }: NonNullable<CollectionCheck['search']>,
): Promise<void> {
  if (rows.length === 0) return;
  const k = Math.min(duplicatesMax, rowCount);
  const parameters = searchParameters({ indexType, effort }, rowCount, k);
  const found = await client.search(collection, vectors, { k, parameters, signal });
  const missed = rows.filter((row, at) => {
    const hits = found[at] ?? [];
    const worst = hits.at(-1)?.score ?? 0;
    // With more duplicates than hits, the row itself may be left out.
    return !hits.some((hit) => hit.row === row) && !(hits.length === k && worst > 0.9999);
  });
  const missedMax = indexType === 'FLAT' ? 0 : rows.length * 0.1;
  if (missed.length <= missedMax) return;
  const text = `Cannot use ${collection}: Milvus at ${client.address} does not find ${missed.length} of ${rows.length} sampled rows yet`;
  throw new MilvusFailure('index-unavailable', text, { isRepeatable: true });
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
