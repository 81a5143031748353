/** Allows one download of a model at a time: a second one waits for the first, and then finds all files. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LeitmotifError } from '../../errors.ts';
import { describeLockOwner, ProcessLock } from '../../io/process-lock.ts';

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once with the lock's owner. */
  readonly onWait?: (owner: string) => void;
  /** 0: do not wait. */
  readonly waitMaxMs?: number;
}

/** An hour: enough for the largest model over a slow connection. */
const waitMaxMsDefault = 3_600_000;
const lookEachMs = 250;

/** @throws {LeitmotifError} model-locked, naming the holder; the signal's reason */
export async function lockModel(modelsDir: string, name: string, options: LockOptions): Promise<ProcessLock> {
  const { signal, onWait, waitMaxMs = waitMaxMsDefault } = options;
  const file = path.join(modelsDir, `.${name}.lock`);
  const deadlineMs = performance.now() + waitMaxMs;
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted();
    const lock = ProcessLock.take(file);
    if (lock) return lock;
    if (performance.now() >= deadlineMs) {
      throw new LeitmotifError('model-locked', `Cannot change the model ${name}: ${describeLockOwner(file)} is at it`);
    }
    if (looks === 0) onWait?.(describeLockOwner(file));
    await delay(lookEachMs, undefined, { signal }).catch(() => {});
  }
}
