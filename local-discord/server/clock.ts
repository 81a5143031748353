/** The clock of the local Discord: real time, which tests can move ahead. */

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
  handle: NodeJS.Timeout;
}

export class Clock {
  #aheadMs = 0;
  readonly #timers = new Set<Timer>();

  /** Milliseconds since 1970, with fractions, because acknowledgements are measured with it. */
  nowMs(): number {
    return performance.timeOrigin + performance.now() + this.#aheadMs;
  }

  /** @returns a function that cancels it */
  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = {
      dueMs: this.nowMs() + delayMs,
      run,
      handle: setTimeout(() => this.#fire(timer), delayMs).unref(),
    };
    this.#timers.add(timer);
    return () => this.#drop(timer);
  }

  /** Moves the time ahead: links and tokens expire, and due timers run before this returns. */
  advance(byMs: number): void {
    if (!(byMs >= 0)) throw new RangeError(`Cannot advance the clock: expected 0 ms or more, got ${byMs}`);
    this.#aheadMs += byMs;
    const due = [...this.#timers].filter((timer) => timer.dueMs <= this.nowMs());
    for (const timer of due.sort((a, b) => a.dueMs - b.dueMs)) this.#fire(timer);
  }

  stop(): void {
    for (const timer of this.#timers) this.#drop(timer);
  }

  #fire(timer: Timer): void {
    if (!this.#timers.has(timer)) return;
    this.#drop(timer);
    timer.run();
  }

  #drop(timer: Timer): void {
    clearTimeout(timer.handle);
    this.#timers.delete(timer);
  }
}
