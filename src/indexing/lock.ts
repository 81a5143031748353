/** One indexer at a time. */
import { LeitmotifError } from '../errors.ts';
import { describeLockOwner, ProcessLock } from '../io/process-lock.ts';

export class IndexLock implements Disposable {
  readonly #lock: ProcessLock;

  /** Takes the lock or throws at once.
   *  @param path a file that nothing else uses; made when missing, left behind afterwards
   *  @throws {LeitmotifError} 'index-locked', naming who holds it */
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
