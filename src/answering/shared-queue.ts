/** The query queue of a program that is not the bot's first shard: that shard's, so that people wait in one line, or its own while no
 *  first shard runs over the same index. */
import { LeitmotifError } from '../errors.ts';
import { fromLinkError, linkErrorSchema } from '../io/link-error.ts';
import { isAbsent, type LineStream } from '../io/socket-client.ts';
import type { BotLink } from './bot-link.ts';
import { turnLineSchema } from './bot-link-wire.ts';
import type { EnterOptions, QueryQueue, Requester } from './query-queue.ts';

export class SharedQueue {
  readonly #own: QueryQueue;
  readonly #link: BotLink;
  /** Turns that the bot gave, and waiting requests for one. */
  readonly #atBot = { running: 0, waiting: 0 };
  readonly #closing = new AbortController();

  constructor(own: QueryQueue, link: BotLink) {
    this.#own = own;
    this.#link = link;
  }

  /** Of this program only. */
  get counts(): { readonly running: number; readonly waiting: number } {
    const { running, waiting } = this.#own.counts;
    return { running: running + this.#atBot.running, waiting: waiting + this.#atBot.waiting };
  }

  /** As QueryQueue.untilTurnMs, from this program's queries. */
  untilTurnMs(place: number): number {
    return this.#own.untilTurnMs(place);
  }

  /** @throws {LeitmotifError} as QueryQueue.assertWelcome */
  async assertWelcome(requester: Requester): Promise<void> {
    try {
      await this.#link.assertWelcome(requester);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      this.#own.assertWelcome(requester);
    }
  }

  /** As QueryQueue.enter. A bot that ends while a request waits leaves it to this program's own queue. */
  async enter(requester: Requester, options: EnterOptions): Promise<Disposable> {
    this.#closing.signal.throwIfAborted();
    options.signal.throwIfAborted();
    const turn = await this.#enterAtBot(requester, options);
    if (turn) return turn;
    options.signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    return this.#own.enter(requester, options);
  }

  /** Refuses new and waiting queries. Running queries continue. */
  close(reason: Error): void {
    this.#closing.abort(reason);
    this.#own.close(reason);
  }

  /** @returns null when no bot runs */
  async #enterAtBot(requester: Requester, { onPlace, onAccepted, signal }: EnterOptions): Promise<Disposable | null> {
    this.#atBot.waiting++;
    let stream: LineStream | null = null;
    const leave = () => void stream?.[Symbol.asyncDispose]();
    this.#closing.signal.addEventListener('abort', leave, { once: true });
    try {
      stream = await this.#link.turns(requester, signal);
      this.#closing.signal.throwIfAborted();
      for (let line = await stream.next(); line !== null; line = await stream.next()) {
        const refused = linkErrorSchema.safeParse(line);
        if (refused.success) {
          const error = fromLinkError(refused.data);
          // A bot that is stopping is no longer there for this program.
          if (error.code !== 'stopping') throw error;
          break;
        }
        const told = turnLineSchema.parse(line);
        onAccepted?.();
        if ('place' in told) onPlace(told.place);
        else return this.#turnOf(stream);
      }
      await stream[Symbol.asyncDispose]();
      return null;
    } catch (error) {
      await stream?.[Symbol.asyncDispose]();
      signal.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      if (error instanceof LeitmotifError || !isAbsent(error)) throw error;
      return null;
    } finally {
      this.#closing.signal.removeEventListener('abort', leave);
      this.#atBot.waiting--;
    }
  }

  #turnOf(stream: LineStream): Disposable {
    this.#atBot.running++;
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#atBot.running--;
        void stream[Symbol.asyncDispose]();
      },
    };
  }
}
