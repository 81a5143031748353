/** Tells a recording that is at fault from a fault that meets every recording. Pure.
 *
 *  No error can be trusted to say which of the two it is: "the disk is full" may be the disk, or one recording that is
 *  read wrongly. What tells is what happens to the others. So recordings that failed in a way that no recording should
 *  are suspects: the first success after them shows that the fault is theirs; the same error over several of them, without
 *  a success in between, shows that it is not.
 */
import type { LeitmotifError } from '../errors.ts';

/** Of the same error without a success in between, among recordings that come one after another. */
const sameInARowMax = 3;

export interface Suspect<T> {
  readonly item: T;
  readonly error: LeitmotifError;
}

export class Suspects<T> {
  /** A recording that is tried again stands here once. */
  readonly #pending = new Map<T, LeitmotifError>();
  #hasSucceeded = false;

  /** @returns the error that meets all recordings, once that is clear; null while it is not */
  add(item: T, error: LeitmotifError): LeitmotifError | null {
    this.#pending.set(item, error);
    return this.#countOf(error) >= sameInARowMax ? error : null;
  }

  /** A recording went all the way.
   *  @returns those that are at fault themselves */
  clear(): Suspect<T>[] {
    this.#hasSucceeded = true;
    return this.#takeAll();
  }

  /** No recording is left to tell by.
   *  @returns the error that meets all; or those at fault themselves: a single one after others went all the way, or one
   *    that was a mistake of ours, which is no state of this machine */
  settle(): { readonly stop: LeitmotifError } | { readonly failed: Suspect<T>[] } {
    const errors = [...this.#pending.values()];
    const shared = errors.find((error) => this.#countOf(error) > 1);
    if (shared !== undefined) return { stop: shared };
    const [only] = errors;
    const isOfAll = errors.length === 1 && !this.#hasSucceeded && only?.code !== 'internal';
    return isOfAll && only !== undefined ? { stop: only } : { failed: this.#takeAll() };
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
