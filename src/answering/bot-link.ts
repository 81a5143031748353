/** The client's end of the link to a bot over the same INDEX_DIR (bot-link-wire.ts), for the web server and for all shards but the
 *  first. Without a bot they work alone. */
import { type LineStream, SocketClient } from '../io/socket-client.ts';
import {
  type BotStatus,
  botSocketOf,
  botStatusSchema,
  type Shared,
  type ShareOrder,
  sharedSchema,
} from './bot-link-wire.ts';
import type { Requester } from './query-queue.ts';

const answerTimeoutMs = 10_000;
/** Clips are cut and sent to Discord meanwhile. */
const shareTimeoutMs = 120_000;
const statusKnownMs = 5_000;

export class BotLink {
  readonly #client: SocketClient;
  #status: { readonly atMs: number; readonly found: Promise<BotStatus | null> } | null = null;

  constructor(indexDir: string) {
    this.#client = new SocketClient(botSocketOf(indexDir));
  }

  /** @returns null when no bot runs */
  status(): Promise<BotStatus | null> {
    if (this.#status && performance.now() - this.#status.atMs < statusKnownMs) return this.#status.found;
    const found = this.#client.call('GET', '/status', undefined, { timeoutMs: answerTimeoutMs }).then(
      (answer) => botStatusSchema.parse(answer),
      () => {
        // The next caller looks again: a bot may start at any moment, and an absent one costs nothing to look for.
        if (this.#status?.found === found) this.#status = null;
        return null;
      },
    );
    this.#status = { atMs: performance.now(), found };
    return found;
  }

  /** @throws {LeitmotifError} as QueryQueue.assertWelcome
   *  @throws an error for which `isAbsent` when no bot runs */
  async assertWelcome(requester: Requester): Promise<void> {
    await this.#client.call('POST', '/welcome', requester, { timeoutMs: answerTimeoutMs });
  }

  /** @throws {LeitmotifError} as shareOnce
   *  @throws an error for which `isAbsent` when no bot runs */
  async share(order: ShareOrder): Promise<Shared> {
    return sharedSchema.parse(await this.#client.call('POST', '/shares', order, { timeoutMs: shareTimeoutMs }));
  }

  /** The turn, if one is given, lasts until the stream is disposed.
   *  @throws an error for which `isAbsent` when no bot runs */
  turns(requester: Requester, signal: AbortSignal): Promise<LineStream> {
    return this.#client.stream('/turns', requester, { timeoutMs: answerTimeoutMs, signal });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
