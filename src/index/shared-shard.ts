/** A shard whose process belongs to another program on this machine, which shares it with this one (shard-routes.ts). */
import { LeitmotifError } from '../errors.ts';
import { fromLinkError, linkErrorSchema } from '../io/link-error.ts';
import { type CallOptions, isAbsent, type LineStream, type SocketClient } from '../io/socket-client.ts';
import type { DroppedRows, MemoryAnswer, SearchAnswer } from './faiss-protocol.ts';
import type { IndexShard, ShardFiles, ShardOptions } from './index-shard.ts';
import { decodeAnswer, encodeSearch, type OpenOrder, shardFacts, shardLine } from './shard-wire.ts';

interface Lease {
  readonly id: string;
  readonly stream: LineStream;
  /** The other program has ended, or has closed the shard. */
  isLost: boolean;
}

export class SharedShard implements IndexShard {
  readonly rowCount: number;
  readonly #client: SocketClient;
  readonly #options: ShardOptions;
  #files: ShardFiles;
  #lease: Lease | null = null;
  #opening: Promise<Lease> | null = null;
  #isClosed = false;

  private constructor(client: SocketClient, options: ShardOptions) {
    this.#client = client;
    this.#options = options;
    this.#files = options.shard;
    this.rowCount = options.shard.rowCount;
  }

  /** @throws {LeitmotifError} `index-corrupt`, `index-unavailable` */
  static async open(client: SocketClient, options: ShardOptions): Promise<SharedShard> {
    const shard = new SharedShard(client, options);
    await shard.#leased();
    return shard;
  }

  async search(queries: readonly Float32Array[], k: number, dropped: DroppedRows | null = null): Promise<SearchAnswer> {
    const order = encodeSearch({ queries, k, dropped });
    return decodeAnswer(await this.#ask((lease, options) => this.#client.send(`${lease}/search`, order, options)));
  }

  async moveTo(files: ShardFiles): Promise<void> {
    this.#files = files;
    await this.#ask((lease, options) => this.#client.call('POST', `${lease}/move`, files, options));
  }

  async memory(): Promise<MemoryAnswer> {
    return (await this.#facts()).memory;
  }

  async pid(): Promise<number | undefined> {
    return (await this.#facts()).pid ?? undefined;
  }

  async openblasCore(): Promise<string | null> {
    return (await this.#facts()).openblasCore;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const lease = (await this.#opening?.catch(() => null)) ?? this.#lease;
    await lease?.stream[Symbol.asyncDispose]();
  }

  async #facts() {
    return shardFacts.parse(await this.#ask((lease, options) => this.#client.call('GET', lease, undefined, options)));
  }

  /** Asks once more, with the shard opened again, if the other program was lost. */
  async #ask<T>(ask: (path: string, options: CallOptions) => Promise<T>): Promise<T> {
    const { startTimeoutMs, searchTimeoutMs } = this.#options.limits;
    // The other program starts a process again, or repeats a search, within these limits.
    const options = { timeoutMs: 2 * (startTimeoutMs + searchTimeoutMs) };
    for (let again = false; ; again = true) {
      const lease = await this.#leased();
      try {
        return await ask(`/shards/${lease.id}`, options);
      } catch (error) {
        if (!isAbsent(error) && !lease.isLost) throw error;
        lease.isLost = true;
        await lease.stream[Symbol.asyncDispose]();
        if (again || this.#isClosed) throw unavailable(error);
      }
    }
  }

  /** The open lease; opened again after it was lost. */
  async #leased(): Promise<Lease> {
    if (this.#lease && !this.#lease.isLost) return this.#lease;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    this.#lease = await this.#opening;
    return this.#lease;
  }

  async #open(): Promise<Lease> {
    const { limits } = this.#options;
    const { startTimeoutMs } = limits;
    const order: OpenOrder = { shard: this.#files, limits };
    const late = AbortSignal.timeout(2 * startTimeoutMs);
    let stream: LineStream | null = null;
    try {
      stream = await this.#client.stream('/shards', order, { timeoutMs: startTimeoutMs });
      const opened = stream;
      const aborted = new Promise<never>((_, reject) => late.addEventListener('abort', () => reject(late.reason)));
      const first = await Promise.race([opened.next(), aborted]);
      if (first === null) throw new Error('it has ended');
      const failure = linkErrorSchema.safeParse(first);
      if (failure.success) throw fromLinkError(failure.data);
      const line = shardLine.parse(first);
      if (!('lease' in line)) throw new TypeError('Cannot open a shard: expected a lease, got an event');
      const lease = { id: line.lease, stream: opened, isLost: false };
      void this.#follow(lease);
      return lease;
    } catch (error) {
      await stream?.[Symbol.asyncDispose]();
      throw error instanceof LeitmotifError ? error : unavailable(error);
    }
  }

  /** Passes events on until the stream ends. */
  async #follow(lease: Lease): Promise<void> {
    try {
      for (let line = await lease.stream.next(); line !== null; line = await lease.stream.next()) {
        const read = shardLine.parse(line);
        if ('event' in read) this.#options.onEvent({ ...read.event, pid: read.event.pid });
      }
    } catch {
      // The connection was closed.
    }
    lease.isLost = true;
  }
}

function unavailable(cause: unknown): LeitmotifError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LeitmotifError('index-unavailable', `The program that holds the index cannot be reached: ${why}`, {
    cause,
  });
}
