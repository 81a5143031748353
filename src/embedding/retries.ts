/** Retries of requests to the worker: which errors, and for how long. */
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { LeitmotifError } from '../errors.ts';

/** Status 429: the worker's queue is full. */
export class WorkerBusyError extends LeitmotifError {
  readonly retryAfterSec: number;

  constructor(message: string, retryAfterSec: number) {
    super('queue-full', message);
    this.retryAfterSec = retryAfterSec;
  }
}

/** Status 503 with Retry-After: the worker is being stopped, and took nothing of the request. */
export class WorkerDrainingError extends LeitmotifError {
  constructor(message: string) {
    super('worker-unavailable', message);
  }
}

/** An established connection broke: the worker died, perhaps because of this recording. */
export class WorkerLostError extends LeitmotifError {
  constructor(message: string, options: { cause: unknown }) {
    super('worker-unavailable', message, options);
  }
}

export interface RetryLimits {
  /** Total wait for a full queue; after it, the caller gets queue-full. */
  readonly queueWaitMaxMs: number;
  /** Total wait for a worker that cannot be reached. A supervised worker is back within a second. */
  readonly unavailableWaitMaxMs: number;
  /** Retries of a recording after the worker was lost; a recording that kills workers must not be repeated forever. */
  readonly cutOffMax: number;
}

export const defaultRetryLimits: RetryLimits = {
  queueWaitMaxMs: 120_000,
  unavailableWaitMaxMs: 20_000,
  cutOffMax: 1,
};

export interface RetryOptions {
  readonly limits?: RetryLimits | undefined;
  readonly signal: AbortSignal;
  readonly whenReady?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** @throws the last error of `attempt` if it is not retryable or the limits are reached */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { limits = defaultRetryLimits, signal } = options;
  const spent = { queueMs: 0, unavailableMs: 0, cutOffs: 0 };
  const isRetryable = (error: LeitmotifError): boolean => {
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
      const waitTimeout = AbortSignal.timeout(
        Math.max(1, Math.ceil(limits.unavailableWaitMaxMs - spent.unavailableMs)),
      );
      await options.whenReady(AbortSignal.any([signal, waitTimeout])).catch((failure: unknown) => {
        if (!waitTimeout.aborted) throw failure;
      });
    }
    // Also after whenReady: the supervisor may not have noticed its child's exit yet.
    await delay(Math.min(2_000, 50 * 2 ** attempts), undefined, { signal });
    spent.unavailableMs += performance.now() - startedAt;
  };
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    maxTimeout: 0,
    signal,
    shouldRetry: async ({ error, attemptNumber }) => {
      if (!(error instanceof LeitmotifError) || !isRetryable(error)) return false;
      await waitFor(error, attemptNumber);
      return true;
    },
  });
}
