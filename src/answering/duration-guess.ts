/** Estimates how long a query runs, from those that ended, for "try again at". Its only state is the estimate. */

/** The first estimate. */
const firstGuessMs = 5_000;
/** The weight of the latest query: the exponential mean follows the machine's load within about ten queries. */
const weight = 0.1;
/** Bounds of the estimated wait. */
const [waitMinMs, waitMaxMs] = [1_000, 600_000];

export class DurationGuess {
  #usualMs = firstGuessMs;

  learn(durationMs: number): void {
    this.#usualMs += (durationMs - this.#usualMs) * weight;
  }

  /** @param place in the queue, from 1
   *  @returns milliseconds until its turn, when `atOnce` queries run in parallel */
  untilTurnMs(place: number, atOnce: number): number {
    return Math.min(waitMaxMs, Math.max(waitMinMs, (this.#usualMs * place) / atOnce));
  }
}
