/** Distinguishes a faulty recording from a fault that affects every recording. Pure.
 *
 *  An error alone does not show which of the two it is: "the disk is full" may be the disk or one recording that is decoded
 *  wrongly. The other recordings decide. A recording with an unusual error is a suspect. The first success afterwards shows
 *  that the recording is at fault; the same error for several recordings without a success in between shows that it is not.
 */
import type { LeitmotifError } from '../errors.ts';

/** Recordings in a row with the same error and no success in between. */
const sameInARowMax = 3;

export interface Suspect<T> {
  readonly item: T;
  readonly error: LeitmotifError;
}

export class Suspects<T> {
  /** A recording that is tried again is counted once. */
  readonly #pending = new Map<T, LeitmotifError>();
  #hasSucceeded = false;

  /** @returns the error once it is clear that it affects all recordings; null before */
  add(item: T, error: LeitmotifError): LeitmotifError | null {
    this.#pending.set(item, error);
    return this.#countOf(error) >= sameInARowMax ? error : null;
  }

  /** A recording succeeded.
   *  @returns the suspects, which are at fault */
  clear(): Suspect<T>[] {
    this.#hasSucceeded = true;
    return this.#takeAll();
  }

  /** Decides when no recording is left.
   *  @returns the error that affects all; or the recordings at fault: a single one after others succeeded, or one with an
   *    internal error, which is not a state of this machine */
  settle(): { readonly stop: LeitmotifError } | { readonly failed: Suspect<T>[] } {
    const errors = [...this.#pending.values()];
    const shared = errors.find((error) => this.#countOf(error) > 1);
    if (shared !== undefined) return { stop: shared };
    const [only] = errors;
    const isCommonFault = errors.length === 1 && !this.#hasSucceeded && only?.code !== 'internal';
    return isCommonFault && only !== undefined ? { stop: only } : { failed: this.#takeAll() };
  }

  #countOf({ code }: LeitmotifError): number {
    return [...this.#pending.values()].filter((error) => error.code === code).length;
  }

  #takeAll(): Suspect<T>[] {
    const all = [...this.#pending].map(([item, error]) => ({ item, error }));
    this.#pending.clear();
    return all;
  }
}
