/** Retries requests to Azure. The SDK's retries are off: they support neither 429 nor Retry-After, and the first retry has
 *  no delay.
 *
 *  @see https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific */
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { LeitmotifError } from '../../errors.ts';
import { type AzureOperation, isTemporary, retryAfterMs, toLibraryError } from './errors.ts';

export interface RetryPolicy {
  /** Number of tries, including the first. */
  readonly triesMax: number;
  /** Delay before the second try; doubles with each further try. */
  readonly firstPauseMs: number;
  /** Time limit of one try: a page of 5,000 blobs takes one or two seconds. */
  readonly tryMaxMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { triesMax: 5, firstPauseMs: 500, tryMaxMs: 60_000 };

/** For requests while a user waits. */
export function interactiveRetryPolicy(retryPolicy: RetryPolicy): RetryPolicy {
  return {
    ...retryPolicy,
    triesMax: Math.min(retryPolicy.triesMax, 2),
    tryMaxMs: Math.min(retryPolicy.tryMaxMs, 15_000),
  };
}

const pauseMaxMs = 15_000;

/** @param ask receives a signal that also aborts the try at its time limit
 *  @param onPassing called with each temporary failure before the pause; an error that it throws ends the tries
 *  @throws {LeitmotifError} 'cancelled', 'library-unavailable', 'library-forbidden', 'file-unreadable'; or errors that `keep`
 *    passes to the caller */
export async function withAzureRetries<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  operation: AzureOperation,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly retryPolicy: RetryPolicy;
    readonly keep?: (error: unknown) => boolean;
  },
): Promise<T> {
  const { signal, retryPolicy, keep = () => false } = options;
  const once = async () => {
    signal?.throwIfAborted();
    const late = AbortSignal.timeout(retryPolicy.tryMaxMs);
    return await ask(signal ? AbortSignal.any([signal, late]) : late);
  };
  try {
    return await pRetry(once, {
      retries: retryPolicy.triesMax - 1,
      factor: 2,
      minTimeout: retryPolicy.firstPauseMs,
      maxTimeout: pauseMaxMs,
      ...(signal && { signal }),
      shouldRetry: ({ error }) => !signal?.aborted && !keep(error) && isTemporary(error),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        const requestedMs = retriesLeft > 0 && isTemporary(error) ? retryAfterMs(error) : null;
        if (requestedMs !== null) await delay(requestedMs, undefined, { ...(signal && { signal }) });
      },
    });
  } catch (error) {
    if (signal?.aborted)
      throw new LeitmotifError('cancelled', `Stopped before it could ${operation.action}`, { cause: signal.reason });
    throw keep(error) ? error : toLibraryError(error, operation);
  }
}
