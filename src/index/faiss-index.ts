/** Exact search by FAISS over several processes: each process searches its shard of the rows; the results are merged
 *  here. One search at a time goes to all shards; the others wait in a queue.
 */
import PQueue from 'p-queue';
import { type SpacePart, writePart } from '../ranking/space-parts.ts';
import type { DroppedRows, MemoryAnswer, SearchAnswer } from './faiss-protocol.ts';
import { FaissShard } from './faiss-shard.ts';
import type { IndexShard, OpenShard, ShardEvent, ShardFiles, ShardLimits } from './index-shard.ts';
import {
  assertMaySearch,
  cancelledSearch,
  mergeNeighbours,
  type Neighbour,
  type OpenIndex,
  type SearchOptions,
  searchInBatches,
  throwIfCancelled,
  wholeSimilarity,
} from './vector-index.ts';

export interface FaissIndexOptions {
  readonly dimensions: number;
  readonly parts: readonly SpacePart[];
  /** In row order. */
  readonly shards: readonly ShardFiles[];
  readonly limits?: Partial<FaissLimits> | undefined;
  readonly onEvent?: ((event: ShardEvent) => void) | undefined;
  /** Reads the files one after the other, so that the generation answering meanwhile keeps a core. */
  readonly oneByOne?: boolean;
  /** Rows of each shard that are not returned: see droppedRows. Default: none. */
  readonly dropped?: readonly (DroppedRows | null)[] | undefined;
  /** An open index; its processes are shared where they hold the same files. */
  readonly reuse?: FaissIndex | undefined;
  /** Default: with a process that is a child of this one. */
  readonly openShard?: OpenShard | undefined;
}

export interface FaissLimits extends ShardLimits {
  /** Maximum number of waiting searches; further ones are refused with `queue-full`. */
  readonly queueMax: number;
}

/** Longer queries are split into batches, so that others get their turn and the deadline covers bounded work. */
const queriesPerBatch = 240;

const mebibyte = 1024 * 1024;

export function defaultFaissLimits(shardBytes: number): FaissLimits {
  return {
    startTimeoutMs: 120_000,
    searchTimeoutMs: 30_000,
    // 2% of the shard: 65 searches of 60 x 512 for 400 MB; after them, reading the file again takes 0.3 s.
    leakMaxBytes: Math.max(8 * mebibyte, Math.round(shardBytes / 50)),
    backoffMinMs: 100,
    backoffMaxMs: 10_000,
    queueMax: 64,
  };
}

export class FaissIndex implements OpenIndex {
  readonly dimensions: number;
  readonly parts: readonly SpacePart[];
  readonly rowCount: number;
  readonly #shards: readonly IndexShard[];
  readonly #dropped: readonly (DroppedRows | null)[];
  readonly #queueMax: number;
  readonly #queue = new PQueue({ concurrency: 1 });
  /** Once is enough: other indexes may hold the same shards. */
  #closed: Promise<void> | null = null;

  private constructor(
    { dimensions, parts, dropped = [] }: Pick<FaissIndexOptions, 'dimensions' | 'parts' | 'dropped'>,
    shards: readonly IndexShard[],
    queueMax: number,
  ) {
    this.dimensions = dimensions;
    this.parts = parts;
    this.#shards = shards;
    this.#dropped = dropped;
    this.#queueMax = queueMax;
    this.rowCount = shards.reduce((rows, shard) => rows + shard.rowCount, 0);
  }

  /** Starts a process for each shard that `reuse` has not; each checks its files, then reads them. All start at the same time
   *  unless `oneByOne`.
   *  @throws {LeitmotifError} `index-corrupt` or `index-unavailable`; no process is left running */
  static async open(options: FaissIndexOptions): Promise<FaissIndex> {
    const { limits, onEvent, oneByOne = false, reuse, openShard = FaissShard.open } = options;
    const bytesOf = ({ files }: ShardFiles): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
    const largest = Math.max(0, ...options.shards.map(bytesOf));
    const all = { ...defaultFaissLimits(largest), ...limits };
    const queue = new PQueue({ concurrency: oneByOne ? 1 : options.shards.length || 1 });
    const open = async (shard: ShardFiles): Promise<IndexShard> =>
      (await reuse?.share(shard)) ?? (await openShard({ shard, limits: all, onEvent: onEvent ?? (() => undefined) }));
    const opened = await Promise.allSettled(options.shards.map((shard) => queue.add(() => open(shard))));
    const shards = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(shards.map((shard) => shard.close()));
      throw failed.reason;
    }
    // Only now: until then, the files under their old names are the ones that are known to stay.
    await Promise.all(options.shards.map((files, at) => shards[at]?.moveTo(files)));
    return new FaissIndex(options, shards, all.queueMax);
  }

  /** The shard that holds these files, kept open for another index; null if there is none, its process is not ready, or it
   *  belongs to another program, which finds equal shards itself. */
  async share(files: ShardFiles): Promise<IndexShard | null> {
    for (const shard of this.#shards) {
      if (!(shard instanceof FaissShard) || !(await shard.serves(files))) continue;
      shard.retain();
      return shard;
    }
    return null;
  }

  async search(vectors: readonly Float32Array[], k: number, { signal }: SearchOptions): Promise<Neighbour[][]> {
    const limits = { dimensions: this.dimensions, batchMax: queriesPerBatch };
    return searchInBatches(vectors, k, limits, (batch) => this.#inTurn(batch, k, signal));
  }

  /** Memory of each process. */
  memory(): Promise<MemoryAnswer[]> {
    return Promise.all(this.#shards.map((shard) => shard.memory()));
  }

  /** Ids of the current processes. */
  async pids(): Promise<number[]> {
    const pids = await Promise.all(this.#shards.map((shard) => shard.pid()));
    return pids.filter((pid) => pid !== undefined);
  }

  /** @see FaissProcess.openblasCore */
  async openblasCore(): Promise<string | null> {
    return (await this.#shards[0]?.openblasCore()) ?? null;
  }

  close(): Promise<void> {
    this.#closed ??= this.#queue.onIdle().then(async () => {
      await Promise.all(this.#shards.map((shard) => shard.close()));
    });
    return this.#closed;
  }

  async #inTurn(vectors: readonly Float32Array[], k: number, signal: AbortSignal): Promise<Neighbour[][]> {
    const state = { isClosed: this.#closed !== null, waiting: this.#queue.size, waitingMax: this.#queueMax };
    assertMaySearch(state, signal);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(cancelledSearch(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    // A running search cannot be stopped: it keeps its turn, so that cancelled work does not pile up.
    const turn = this.#queue.add(() => {
      throwIfCancelled(signal);
      return this.#searchAll(vectors, k);
    });
    try {
      return await Promise.race([turn, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      turn.catch(() => undefined);
    }
  }

  async #searchAll(vectors: readonly Float32Array[], k: number): Promise<Neighbour[][]> {
    const queries = this.parts.map((part) => {
      const matrix = new Float32Array(vectors.length * part.dimensions);
      vectors.forEach((vector, at) => {
        writePart(vector, part, matrix.subarray(at * part.dimensions, (at + 1) * part.dimensions));
      });
      return matrix;
    });
    const answers = await Promise.all(this.#shards.map((shard, at) => shard.search(queries, k, this.#dropped[at])));
    const ofShards = this.#neighboursOf(answers);
    return vectors.map((_, query) =>
      mergeNeighbours(
        ofShards.map((shard) => shard[query] ?? []),
        k,
      ),
    );
  }

  /** @returns shape [shards][queries][neighbours] */
  #neighboursOf(answers: readonly SearchAnswer[]): Neighbour[][][] {
    const { parts } = this;
    let firstRow = 0;
    return answers.map(({ counts, rows, similarities }, shard) => {
      const offset = firstRow;
      firstRow += this.#shards[shard]?.rowCount ?? 0;
      let at = 0;
      return Array.from(counts, (count) => {
        const neighbours: Neighbour[] = [];
        // A loop, because views of the arrays take several times as long.
        for (const end = at + count; at < end; at += 1) {
          const ofParts = parts.map((_, part) => similarities[at * parts.length + part] as number);
          neighbours.push({
            row: offset + (rows[at] as number),
            similarity: wholeSimilarity(parts, ofParts),
            ofParts,
          });
        }
        return neighbours;
      });
    });
  }
}
