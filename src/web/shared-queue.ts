/** The query queue of a web server: the bot's, if one runs over the same index, so that people wait in one line; else its own. */
import { fromLinkError, linkErrorSchema, turnLineSchema } from '../answering/bot-link.ts';
import type { EnterOptions, QueryQueue, Requester } from '../answering/query-queue.ts';
import { LeitmotifError } from '../errors.ts';
import { type BotLink, isAbsent, type TurnStream } from './bot-link.ts';

type OfWeb = Omit<Requester, 'serverId'> & { readonly serverId: null };

export class SharedQueue {
  readonly #own: QueryQueue;
  readonly #link: BotLink;
  /** Turns that the bot gave, and waiting requests for one. */
  readonly #atBot = { running: 0, waiting: 0 };
  #closedFor: Error | null = null;

  constructor(own: QueryQueue, link: BotLink) {
    this.#own = own;
    this.#link = link;
  }

  /** Of this server only. */
  get counts(): { readonly running: number; readonly waiting: number } {
    const { running, waiting } = this.#own.counts;
    return { running: running + this.#atBot.running, waiting: waiting + this.#atBot.waiting };
  }

  /** @throws {LeitmotifError} as QueryQueue.assertWelcome */
  async assertWelcome(requester: OfWeb): Promise<void> {
    try {
      await this.#link.assertWelcome(requester);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      this.#own.assertWelcome(requester);
    }
  }

  /** As QueryQueue.enter. A bot that ends while a request waits leaves it to this server's own queue. */
  async enter(requester: OfWeb, options: EnterOptions): Promise<Disposable> {
    if (this.#closedFor) throw this.#closedFor;
    options.signal.throwIfAborted();
    const turn = await this.#enterAtBot(requester, options);
    options.signal.throwIfAborted();
    return turn ?? this.#own.enter(requester, options);
  }

  close(reason: Error): void {
    this.#closedFor = reason;
    this.#own.close(reason);
  }

  /** @returns null when no bot runs */
  async #enterAtBot(requester: OfWeb, { onPlace, onAccepted, signal }: EnterOptions): Promise<Disposable | null> {
    this.#atBot.waiting++;
    let stream: TurnStream | null = null;
    try {
      stream = await this.#link.turns(requester, signal);
      for (let line = await stream.next(); line !== null; line = await stream.next()) {
        const refused = linkErrorSchema.safeParse(line);
        if (refused.success) {
          const error = fromLinkError(refused.data);
          // A bot that is stopping is no longer there for this server.
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
      if (error instanceof LeitmotifError || !isAbsent(error)) throw error;
      return null;
    } finally {
      this.#atBot.waiting--;
    }
  }

  #turnOf(stream: TurnStream): Disposable {
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
