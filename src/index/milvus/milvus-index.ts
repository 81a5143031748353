/** A generation whose vectors are in Milvus, open for searches. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import { LeitmotifError } from '../../errors.ts';
import { orAborted } from '../../io/or-aborted.ts';
import { partOf, type SpacePart } from '../../ranking/space-parts.ts';
import { type GenerationManifest, manifestName } from '../manifest.ts';
import {
  assertMaySearch,
  mergeNeighbours,
  type Neighbour,
  type OpenIndex,
  type SearchOptions,
  searchInBatches,
  wholeSimilarity,
} from '../vector-index.ts';
import type { MilvusClient } from './client.ts';
import { MilvusFailure } from './failures.ts';
import { LiveRows } from './live-rows.ts';
import { PartSearch, type SearchedPart } from './part-search.ts';
import { presentReferences, type ReferenceVectors } from './references.ts';
import { assertWhole, settleAll } from './whole.ts';

/** Longer queries are split, so that requests and answers stay at some megabytes. */
const queriesPerBatch = 120;
/** Searches that are sent at once; the others wait in a queue. */
const searchesAtOnce = 4;
const queueMax = 64;
/** After a lost connection the collections are checked, and a search is repeated. */
const attemptsMax = 3;
/** To open a generation of a released collection: loading reads every vector from the server's storage. */
const loadWithinMs = 600_000;
/** Longer than `common.gracefulTime` (5 s unless somebody changed it): at this age of a generation, bounded reads see all of its
 *  rows. Those that are removed later are skipped here. */
export const settledAfterMs = 15_000;
/** A restarted server loads by itself; a query does not wait for all of it. */
const reloadWithinMs = 15_000;
const never = new AbortController().signal;

interface Opened {
  readonly searched: readonly SearchedPart[];
  readonly references: readonly ReferenceVectors[];
  readonly live: LiveRows;
  readonly settledAtMs: number;
}

export class MilvusIndex implements OpenIndex {
  readonly dimensions: number;
  readonly parts: readonly SpacePart[];
  readonly rowCount: number;
  readonly #client: MilvusClient;
  readonly #searched: readonly SearchedPart[];
  readonly #references: readonly ReferenceVectors[];
  readonly #live: LiveRows;
  /** Milliseconds since 1970. */
  readonly #settledAtMs: number;
  readonly #queue = new PQueue({ concurrency: searchesAtOnce });
  /** The client's number of outages when the collections were last found to be whole. */
  #wholeAt = -1;
  /** The same of an earlier index over the same collections. */
  #wholeBefore = -1;
  #checking: Promise<void> | null = null;
  #closed = false;

  private constructor(
    client: MilvusClient,
    { dimensions, parts, rowCount }: GenerationManifest,
    { searched, references, live, settledAtMs }: Opened,
  ) {
    this.#client = client;
    this.dimensions = dimensions;
    this.parts = parts;
    this.rowCount = rowCount;
    this.#searched = searched;
    this.#references = references;
    this.#live = live;
    this.#settledAtMs = settledAtMs;
  }

  /** @param reuse an open index. Collections that both share and that it found whole answer at once, because the run that added to them
   *      has verified its rows; they are counted and compared meanwhile, and not searched again
   *  @throws {LeitmotifError} as assertWhole */
  static async open(
    client: MilvusClient,
    manifest: GenerationManifest,
    folder: string,
    reuse: OpenIndex | null = null,
  ): Promise<MilvusIndex> {
    const { milvus, parts, rowCount } = manifest;
    if (milvus === undefined) throw new RangeError('Cannot open the index: its vectors are not in Milvus');
    const live = await LiveRows.read(manifest, folder);
    const { indexType, effort = 1 } = milvus;
    const searched = parts.map((part, at) => {
      return { client, collection: milvus.collections[at] ?? '', part, indexType, effort, rowCount, live };
    });
    const references = await presentReferences(manifest, folder, live);
    const settledAtMs = (await publishedAtMs(folder)) + settledAfterMs;
    const index = new MilvusIndex(client, manifest, { searched, references, live, settledAtMs });
    index.#wholeBefore = reuse instanceof MilvusIndex && reuse.#shares(index) ? reuse.#wholeAt : -1;
    if (index.#wholeBefore === client.outages) index.#checkMeanwhile();
    else await index.#assertWhole(never, loadWithinMs);
    return index;
  }

  async search(vectors: readonly Float32Array[], k: number, { signal }: SearchOptions): Promise<Neighbour[][]> {
    const limits = { dimensions: this.dimensions, batchMax: queriesPerBatch };
    return searchInBatches(vectors, k, limits, (batch) => this.#inTurn(batch, k, signal));
  }

  async pids(): Promise<number[]> {
    return [];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.onIdle();
  }

  async #inTurn(vectors: readonly Float32Array[], k: number, signal: AbortSignal): Promise<Neighbour[][]> {
    assertMaySearch({ isClosed: this.#closed, waiting: this.#queue.size, waitingMax: queueMax }, signal);
    return this.#queue.add(() => this.#searchWhole(vectors, k, signal));
  }

  /** The answer counts only if the server was not restarted since the collections were found to be whole. */
  async #searchWhole(vectors: readonly Float32Array[], k: number, signal: AbortSignal): Promise<Neighbour[][]> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#assertWhole(signal);
      const before = this.#client.outages;
      try {
        const found = await this.#searchAll(vectors, k, signal);
        if (this.#client.outages === before && (await this.#isLoaded(signal))) return found;
      } catch (error) {
        if (!(error instanceof MilvusFailure) || !error.isRepeatable || attempt >= attemptsMax) throw error;
      }
      this.#wholeAt = -1;
      if (attempt >= attemptsMax) {
        const text = `Cannot search: Milvus at ${this.#client.address} was restarted and is not ready yet`;
        throw new LeitmotifError('index-unavailable', text);
      }
    }
  }

  async #searchAll(vectors: readonly Float32Array[], k: number, signal: AbortSignal): Promise<Neighbour[][]> {
    const consistency = Date.now() < this.#settledAtMs ? 'Strong' : 'Bounded';
    const parts = this.#searched.map((searched) => {
      const { part } = searched;
      const queries = vectors.map((vector) => partOf(vector, part));
      return new PartSearch(searched, queries, signal, consistency);
    });
    const nearest = await Promise.all(parts.map((part) => part.nearest(k)));
    const unions = vectors.map((_, query) => new Set(nearest.flatMap((found) => (found[query] ?? []).map(rowOf))));
    if (parts.length > 1) await Promise.all(parts.map((part) => part.prepare(unions.flatMap((rows) => [...rows]))));
    return unions.map((rows, query) => {
      const neighbours = [...rows].flatMap((row) => {
        const ofParts = parts.map((part) => part.similarityOf(query, row));
        if (!ofParts.every((similarity) => similarity !== null)) return [];
        return [{ row, similarity: wholeSimilarity(this.parts, ofParts), ofParts }];
      });
      return mergeNeighbours([neighbours], k);
    });
  }

  /** Once after opening and after each outage; searches that come meanwhile wait for it. */
  async #assertWhole(signal: AbortSignal, readyWithinMs = reloadWithinMs): Promise<void> {
    if (this.#wholeAt === this.#client.outages) return;
    this.#checking ??= this.#check(readyWithinMs).finally(() => {
      this.#checking = null;
    });
    await orAborted(this.#checking, signal);
  }

  /** If it fails, the next search checks again, and fails for the same reason. */
  #checkMeanwhile(): void {
    this.#wholeAt = this.#wholeBefore;
    this.#check(reloadWithinMs).catch(() => {
      this.#wholeAt = -1;
    });
  }

  async #check(readyWithinMs: number): Promise<void> {
    const before = this.#client.outages;
    const isSearched = this.#wholeBefore !== before;
    const checks = this.#searched.map(({ client, collection, part, indexType, effort, rowCount }, at) =>
      assertWhole({
        ...{ client, collection, rowCount, readyWithinMs, search: isSearched ? { indexType, effort } : null },
        ...{ dimensions: part.dimensions, liveRows: this.#live.count },
        references: this.#references[at] ?? { rows: [], vectors: [] },
      }),
    );
    await settleAll(checks);
    this.#wholeAt = before;
  }

  /** Whether the other index searches the same collections of the same server. */
  #shares(other: MilvusIndex): boolean {
    return this.#searched.every(({ client, collection }, at) => {
      const its = other.#searched[at];
      return its?.client === client && its.collection === collection;
    });
  }

  async #isLoaded(signal: AbortSignal): Promise<boolean> {
    const states = this.#searched.map(({ client, collection }) => client.isLoaded(collection, signal));
    return (await Promise.all(states)).every(Boolean);
  }
}

/** Milliseconds since 1970; now, while the generation is being written. */
async function publishedAtMs(folder: string): Promise<number> {
  const written = await stat(path.join(folder, manifestName)).catch(() => null);
  return Math.min(written?.mtimeMs ?? Date.now(), Date.now());
}

function rowOf({ row }: { readonly row: number }): number {
  return row;
}
