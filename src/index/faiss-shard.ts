/** One shard of the index: its files, and the process that holds it in memory while the shard is open.
 *
 *  If the process dies (kill -9, out of memory, a C++ exception), it is restarted. It is also replaced after a number of
 *  searches, because the binding never frees its copy of a query (4 bytes per value). No search is refused meanwhile:
 *  new searches wait, and running ones are repeated once.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { LeitmotifError } from '../errors.ts';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { FaissProcess } from './faiss-process.ts';
import type { DroppedRows, MemoryAnswer, SearchAnswer, SearchRequest } from './faiss-protocol.ts';
import type { IndexShard, ShardEvent, ShardFile, ShardFiles, ShardOptions } from './index-shard.ts';

export class FaissShard implements IndexShard {
  readonly #options: ShardOptions;
  #files: ShardFiles;
  /** Indexes that have the shard open. */
  #holders = 1;
  /** The current process; pending while it is being started or replaced. */
  #live: Promise<FaissProcess>;
  #startsWithoutSearch = 0;
  #recycling = false;
  readonly #closing = new AbortController();
  /** Processes ended on purpose, which are not restarted. */
  readonly #retired = new WeakSet<FaissProcess>();

  private constructor(options: ShardOptions) {
    this.#options = options;
    this.#files = options.shard;
    this.#live = this.#start();
  }

  /** @throws {LeitmotifError} `index-corrupt` if the file was changed after it was written; `index-unavailable` */
  static async open(options: ShardOptions): Promise<FaissShard> {
    const shard = new FaissShard(options);
    await shard.#live;
    return shard;
  }

  get rowCount(): number {
    return this.#files.rowCount;
  }

  /** Whether these files have the same content, and the process can be searched at once. */
  async serves({ rowCount, files }: ShardFiles): Promise<boolean> {
    const own = this.#files.files;
    const isSame = !this.#closed && rowCount === this.rowCount && files.map(hashOf).join() === own.map(hashOf).join();
    const isReady = this.#live.then(
      (process) => !process.ended,
      () => false,
    );
    return isSame && (await Promise.race([isReady, setImmediate(false)]));
  }

  /** Keeps the shard open for one more index, until that closes it too. */
  retain(): void {
    this.#holders += 1;
  }

  moveTo(files: ShardFiles): void {
    this.#files = files;
  }

  async search(queries: readonly Float32Array[], k: number, dropped: DroppedRows | null = null): Promise<SearchAnswer> {
    const request = { op: 'search', queries, k, dropped } as const;
    const process = await this.#ready();
    try {
      return await this.#ask(process, request);
    } catch (error) {
      if (this.#closed || !(error instanceof LeitmotifError) || error.code !== 'index-unavailable') throw error;
      return await this.#ask(await this.#ready(), request);
    }
  }

  async memory(): Promise<MemoryAnswer> {
    return (await this.#live).request({ op: 'memory' }, this.#options.limits.searchTimeoutMs);
  }

  async pid(): Promise<number | undefined> {
    return (await this.#live).pid;
  }

  async openblasCore(): Promise<string | null> {
    return (await this.#live).openblasCore;
  }

  async close(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#closing.abort();
    await this.#live.then(end, () => undefined);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #ready(): Promise<FaissProcess> {
    const waiting = new AbortController();
    const { startTimeoutMs } = this.#options.limits;
    const late = sleep(startTimeoutMs, undefined, { signal: waiting.signal }).then(() => {
      throw new LeitmotifError('index-unavailable', `No index process started within ${startTimeoutMs} ms`);
    });
    try {
      return await Promise.race([this.#live, late]);
    } finally {
      waiting.abort();
      late.catch(() => undefined);
    }
  }

  async #ask(process: FaissProcess, request: SearchRequest): Promise<SearchAnswer> {
    try {
      const answer = await process.request(request, this.#options.limits.searchTimeoutMs);
      this.#startsWithoutSearch = 0;
      if (answer.leakedBytes > this.#options.limits.leakMaxBytes) this.#recycle(process);
      return answer;
    } catch (error) {
      // A process that failed once is not used again; once it has exited, #live is its successor.
      await end(process);
      throw this.#named(error);
    }
  }

  #named(error: unknown, path = this.#path): unknown {
    const isCorrupt = error instanceof LeitmotifError && error.code === 'index-corrupt';
    return isCorrupt ? corruptIndexFile(path, error.message, error) : error;
  }

  /** Of the first part, to name the shard. */
  get #path(): string {
    return this.#files.files[0]?.path ?? '';
  }

  async #start(): Promise<FaissProcess> {
    const process = await this.#spawnVerified();
    return this.#load(process);
  }

  async #spawnVerified(): Promise<FaissProcess> {
    const { limits } = this.#options;
    const process = new FaissProcess();
    for (const { path, bytes, sha256 } of this.#files.files) {
      try {
        await process.request({ op: 'verify', path, bytes, sha256 }, limits.startTimeoutMs);
      } catch (error) {
        await end(process);
        throw this.#named(error, path);
      }
    }
    return process;
  }

  async #load(process: FaissProcess): Promise<FaissProcess> {
    const { limits } = this.#options;
    const { rowCount } = this.#files;
    try {
      const files = this.#files.files.map(({ path, dimensions }) => ({ path, dimensions }));
      await process.request({ op: 'load', files, rowCount }, limits.startTimeoutMs);
    } catch (error) {
      await end(process);
      throw this.#named(error);
    }
    void process.gone.then((why) => this.#whenGone(process, why));
    return process;
  }

  #whenGone(process: FaissProcess, why: string): void {
    if (this.#closed || this.#retired.has(process)) return;
    this.#report('died', process, why);
    this.#become(this.#restart(why));
  }

  async #restart(why: string): Promise<FaissProcess> {
    const { backoffMinMs, backoffMaxMs } = this.#options.limits;
    for (;;) {
      const pause = this.#startsWithoutSearch === 0 ? 0 : backoffMinMs * 2 ** (this.#startsWithoutSearch - 1);
      this.#startsWithoutSearch += 1;
      await sleep(Math.min(pause, backoffMaxMs), undefined, { signal: this.#closing.signal }).catch((cause) => {
        throw new LeitmotifError('index-unavailable', 'The index was closed', { cause });
      });
      try {
        const process = await this.#start();
        this.#report('restarted', process, why);
        return process;
      } catch (error) {
        if (error instanceof LeitmotifError && error.code === 'index-corrupt') throw error;
      }
    }
  }

  /** The replacement checks the file while the old process still answers, and reads it only after the old one has exited,
   *  so that the shard is never in memory twice. Searches that arrive meanwhile wait for the read, 0.3 s for 400 MB. */
  #recycle(old: FaissProcess): void {
    if (this.#recycling || this.#closed) return;
    this.#recycling = true;
    const why = 'replaced after its quota of searches';
    const swap = async (fresh: FaissProcess): Promise<FaissProcess> => {
      this.#retired.add(old);
      // Requests are answered in order: once this one is answered, all earlier ones are.
      await old.request({ op: 'memory' }, this.#options.limits.searchTimeoutMs).catch(() => undefined);
      await end(old);
      this.#recycling = false;
      const process = await this.#load(fresh).catch(() => this.#restart(why));
      this.#report('recycled', process, why);
      return process;
    };
    void this.#spawnVerified().then(
      (fresh) => (old.ended || this.#closed ? this.#cancelRecycle(fresh) : this.#become(swap(fresh))),
      () => this.#cancelRecycle(null),
    );
  }

  /** Called if the old process died meanwhile and was restarted, or no new one started; the next search tries again. */
  #cancelRecycle(fresh: FaissProcess | null): void {
    fresh?.kill();
    this.#recycling = false;
  }

  #become(next: Promise<FaissProcess>): void {
    this.#live = next;
    // The next search gets the error; without a search it must not be an unhandled rejection.
    next.catch(() => undefined);
  }

  #report(kind: ShardEvent['kind'], process: FaissProcess, why: string): void {
    this.#options.onEvent({ kind, path: this.#path, pid: process.pid, why });
  }
}

function hashOf({ sha256 }: ShardFile): string {
  return sha256;
}

async function end(process: FaissProcess): Promise<void> {
  process.kill();
  await process.gone;
}
