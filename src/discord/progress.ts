/** The progress of one query in one message: at most one edit each 2.5 s, and none after the answer.
 *
 *  Discord processes edits of one interaction in order and limits their rate, so edits sent too soon delay the answer.
 *  Between two edits only the latest state is kept.
 */
import type { Reply } from './reply.ts';

export interface ProgressMessageOptions {
  readonly send: (reply: Reply) => Promise<unknown>;
  /** Minimum time from the start of one edit to the next. */
  readonly everyMs?: number;
  /** A monotonic clock. */
  readonly nowMs?: () => number;
  /** Called for edits that failed; a failed edit never fails the query. */
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

  /** Sends at once, or as soon as the interval allows unless a newer state replaces it. Does nothing after `end`.
   *  @param build called only when the edit is sent */
  show(build: () => Reply): void {
    if (this.#isEnded) return;
    this.#next = build;
    this.#schedule();
  }

  /** Resolves when no edit is running and none will follow. May be called more than once. */
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
