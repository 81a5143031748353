/** Shards that several programs have open: one process for equal content, however many programs search it. It ends when the last of
 *  them closes it. */
import PQueue from 'p-queue';
import { FaissShard } from './faiss-shard.ts';
import type { IndexShard, ShardEvent, ShardFiles, ShardOptions } from './index-shard.ts';

interface Entry {
  readonly opening: Promise<FaissShard>;
  /** One search at a time, so that the time limit of a search does not count those of other programs. Each program has at most
   *  one search here (FaissIndex queues the others), so they take turns and the queue is as long as there are programs. */
  readonly queue: PQueue;
  readonly holders: Set<(event: ShardEvent) => void>;
}

export class ShardRegistry {
  readonly #entries = new Map<string, Entry>();

  /** @throws {LeitmotifError} as FaissShard.open */
  async open(options: ShardOptions): Promise<IndexShard> {
    const key = keyOf(options.shard);
    // A holder of its own for each call, also when the same listener opens twice.
    const holder = (event: ShardEvent): void => options.onEvent(event);
    for (;;) {
      const known = this.#entries.get(key);
      const entry = known ?? this.#start(key, options);
      entry.holders.add(holder);
      try {
        const shard = await entry.opening;
        // Waits for a process that is being started again; fails if its file was damaged.
        await shard.pid();
        return this.#lease(key, entry, shard, holder);
      } catch (error) {
        await this.#leave(key, entry, holder);
        if (known === undefined) throw error;
        // The files that are open are damaged; this program's may be intact.
        if (this.#entries.get(key) === known) this.#entries.delete(key);
      }
    }
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(closeEntry));
  }

  #start(key: string, options: ShardOptions): Entry {
    const holders: Entry['holders'] = new Set();
    const onEvent = (event: ShardEvent): void => {
      for (const holder of holders) holder(event);
    };
    const opening = FaissShard.open({ ...options, onEvent });
    // Each opener awaits it.
    opening.catch(() => {});
    const entry = { opening, queue: new PQueue({ concurrency: 1 }), holders };
    this.#entries.set(key, entry);
    return entry;
  }

  #lease(key: string, entry: Entry, shard: FaissShard, holder: (event: ShardEvent) => void): IndexShard {
    return {
      rowCount: shard.rowCount,
      search: (queries, k, dropped) => entry.queue.add(() => shard.search(queries, k, dropped)),
      moveTo: (files) => shard.moveTo(files),
      memory: () => shard.memory(),
      pid: () => shard.pid(),
      openblasCore: () => shard.openblasCore(),
      close: () => this.#leave(key, entry, holder),
    };
  }

  async #leave(key: string, entry: Entry, holder: (event: ShardEvent) => void): Promise<void> {
    if (!entry.holders.delete(holder) || entry.holders.size > 0) return;
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    await closeEntry(entry);
  }
}

async function closeEntry({ opening, queue }: Entry): Promise<void> {
  const shard = await opening.catch(() => null);
  await queue.onIdle();
  await shard?.close();
}

function keyOf({ rowCount, files }: ShardFiles): string {
  return [rowCount, ...files.map(({ sha256 }) => sha256)].join();
}
