/** When a request to the worker is repeated, and for how long. */
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { LeitmotifError } from '../errors.ts';

/** 429: the worker is there, and full. */
export class WorkerBusyError extends LeitmotifError {
  readonly retryAfterSec: number;

  constructor(message: string, retryAfterSec: number) {
    super('queue-full', message);
    this.retryAfterSec = retryAfterSec;
  }
}

/** The connection broke after it stood: the worker died, perhaps over this very recording. */
export class WorkerLostError extends LeitmotifError {
  constructor(message: string, options: { cause: unknown }) {
    super('worker-unavailable', message, options);
  }
}

export interface RetryLimits {
  /** In all, for a full queue: after it, the caller hears queue-full. */
  readonly queueWaitMaxMs: number;
  /** In all, for a worker that cannot be reached. A supervised one is back within a second. */
  readonly unavailableWaitMaxMs: number;
  /** How often a recording is sent again after the worker was lost over it: one that kills workers must not go on. */
  readonly cutOffMax: number;
}

export const defaultRetryLimits: RetryLimits = {
  queueWaitMaxMs: 120_000,
  unavailableWaitMaxMs: 20_000,
  cutOffMax: 1,
};

export interface RetryOptions {
  readonly limits?: RetryLimits;
  readonly signal: AbortSignal;
  readonly whenReady?: (signal: AbortSignal) => Promise<void>;
}

/** @throws the last error of `attempt` when it is of no use, or no longer, to repeat it */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { limits = defaultRetryLimits, signal } = options;
  const spent = { queueMs: 0, unavailableMs: 0, cutOffs: 0 };
  const mayRepeat = (error: LeitmotifError): boolean => {
    if (error.code === 'queue-full') return spent.queueMs < limits.queueWaitMaxMs;
    if (error instanceof WorkerLostError || error.code === 'worker-protocol') return spent.cutOffs++ < limits.cutOffMax;
    return error.code === 'worker-unavailable' && spent.unavailableMs < limits.unavailableWaitMaxMs;
  };
  const waitFor = async (error: LeitmotifError, attempts: number): Promise<void> => {
    const startedAt = performance.now();
    if (error instanceof WorkerBusyError) {
      await delay(Math.min(error.retryAfterSec * 1000, limits.queueWaitMaxMs - spent.queueMs), undefined, { signal });
      spent.queueMs += performance.now() - startedAt;
      return;
    }
    if (options.whenReady) {
      const patience = AbortSignal.timeout(Math.max(1, Math.ceil(limits.unavailableWaitMaxMs - spent.unavailableMs)));
      await options.whenReady(AbortSignal.any([signal, patience])).catch((failure: unknown) => {
        if (!patience.aborted) throw failure;
      });
    }
    // Also after whenReady: the supervisor may not have noticed yet that its child is gone.
    await delay(Math.min(2_000, 50 * 2 ** attempts), undefined, { signal });
    spent.unavailableMs += performance.now() - startedAt;
  };
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    maxTimeout: 0,
    signal,
    shouldRetry: async ({ error, attemptNumber }) => {
      if (!(error instanceof LeitmotifError) || !mayRepeat(error)) return false;
      await waitFor(error, attemptNumber);
      return true;
    },
  });
}
