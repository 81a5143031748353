/** The index lock: one indexer at a time. */
import { LeitmotifError } from '../errors.ts';
import { describeLockOwner, ProcessLock } from '../io/process-lock.ts';

export class IndexLock implements Disposable {
  readonly #lock: ProcessLock;

  /** Takes the lock or throws at once.
   *  @param path a dedicated file; created if missing and never deleted
   *  @throws {LeitmotifError} 'index-locked', naming the owner */
  constructor(path: string) {
    const lock = ProcessLock.take(path);
    if (!lock) throw new LeitmotifError('index-locked', `Cannot index: ${describeLockOwner(path)} is at it already`);
    this.#lock = lock;
  }

  release(): void {
    this.#lock.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
