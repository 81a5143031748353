/** How long one's turn usually takes, learnt from those that ended: for "try again at". Pure but for what it learnt. */

/** A guess to start from. */
const firstGuessMs = 5_000;
/** The weight of the latest turn: an exponential mean follows the machine's load within some ten queries. */
const weight = 0.1;
/** Nobody is sent away for less, or for longer: it is a guess. */
const [waitMinMs, waitMaxMs] = [1_000, 600_000];

export class DurationGuess {
  #usualMs = firstGuessMs;

  learn(durationMs: number): void {
    this.#usualMs += (durationMs - this.#usualMs) * weight;
  }

  /** @param place in the line, from 1
   *  @returns until that one's turn, when `atOnce` are served side by side */
  untilTurnMs(place: number, atOnce: number): number {
    return Math.min(waitMaxMs, Math.max(waitMinMs, (this.#usualMs * place) / atOnce));
  }
}
