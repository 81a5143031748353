/** A program's link to the backend that it shares with others (backend.ts). */
import { z } from 'zod';
import { LeitmotifError } from '../errors.ts';
import type { OpenShard } from '../index/index-shard.ts';
import { SharedShard } from '../index/shared-shard.ts';
import { isAbsent, SocketClient } from '../io/socket-client.ts';

const workerAddress = z.object({ socketPath: z.string(), token: z.string() });
export type WorkerAddress = z.infer<typeof workerAddress>;

export class BackendLink {
  readonly #client: SocketClient;

  constructor(socketPath: string) {
    this.#client = new SocketClient(socketPath);
  }

  readonly openShard: OpenShard = (options) => SharedShard.open(this.#client, options);

  /** Resolves when the worker is ready. It is started on the first call, which may take minutes.
   *  @throws {LeitmotifError} the reason why it cannot start, or 'worker-unavailable'; the signal's reason */
  async worker(signal?: AbortSignal): Promise<WorkerAddress> {
    try {
      return workerAddress.parse(await this.#client.call('POST', '/worker', {}, { timeoutMs: 0, signal }));
    } catch (cause) {
      signal?.throwIfAborted();
      if (!isAbsent(cause)) throw cause;
      const message = 'Cannot reach the program that has the embedding worker';
      throw new LeitmotifError('worker-unavailable', message, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
