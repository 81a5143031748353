/** The progress of one query in one message: whatever happens in between, an edit each 2.5 s, and none after the answer.
 *
 *  Discord takes edits of one interaction in order and limits their rate, so each that is sent too soon makes the answer
 *  wait. What was to be shown in the meantime is never sent: the latest wins.
 */
import type { Reply } from './reply.ts';

export interface ProgressMessageOptions {
  readonly send: (reply: Reply) => Promise<unknown>;
  /** From the beginning of one edit to the next, at least. */
  readonly everyMs?: number;
  /** A clock that only goes forward. */
  readonly nowMs?: () => number;
  /** Told of edits that failed. Progress is a courtesy: it never fails a query. */
  readonly onError?: (error: unknown) => void;
}

const defaultEveryMs = 2_500;

export class ProgressMessage {
  readonly #options: ProgressMessageOptions;
  readonly #everyMs: number;
  readonly #nowMs: () => number;
  #next: (() => Reply) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #inFlight: Promise<void> | null = null;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #isEnded = false;

  constructor(options: ProgressMessageOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? defaultEveryMs;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Sent at once, or as soon as it may be unless something newer was given until then. After `end`, nothing happens.
   *  @param build called when it is sent, and only then */
  show(build: () => Reply): void {
    if (this.#isEnded) return;
    this.#next = build;
    this.#schedule();
  }

  /** @returns resolves when no edit is under way and none will follow; may be called more than once */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#next = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#inFlight;
  }

  #schedule(): void {
    if (this.#next === null || this.#inFlight || this.#timer) return;
    const waitMs = this.#lastAtMs + this.#everyMs - this.#nowMs();
    if (waitMs <= 0) {
      this.#sendNext();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#sendNext();
    }, waitMs);
  }

  #sendNext(): void {
    const build = this.#next;
    if (build === null) return;
    this.#next = null;
    this.#lastAtMs = this.#nowMs();
    this.#inFlight = this.#edit(build).finally(() => {
      this.#inFlight = null;
      this.#schedule();
    });
  }

  async #edit(build: () => Reply): Promise<void> {
    try {
      await this.#options.send(build());
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}
