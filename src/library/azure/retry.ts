/** Asks Azure, again where that may help. The SDK's own retries are switched off: they know neither 429 nor Retry-After,
 *  and repeat at once the first time.
 *
 *  @see https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific */
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { LeitmotifError } from '../../errors.ts';
import { type AzureOperation, mayPass, retryAfterMs, toLibraryError } from './errors.ts';

export interface RetryPolicy {
  /** The first one counted. */
  readonly triesMax: number;
  /** Before the second try; doubles with each. */
  readonly firstPauseMs: number;
  /** Of one try: a page of 5,000 blobs takes a second or two. */
  readonly tryMaxMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { triesMax: 5, firstPauseMs: 500, tryMaxMs: 60_000 };

/** For somebody who waits to hear something. */
export function interactiveRetryPolicy(retryPolicy: RetryPolicy): RetryPolicy {
  return {
    ...retryPolicy,
    triesMax: Math.min(retryPolicy.triesMax, 2),
    tryMaxMs: Math.min(retryPolicy.tryMaxMs, 15_000),
  };
}

const pauseMaxMs = 15_000;

/** @param ask is given a signal of its own that also ends the try when it takes too long
 *  @param onPassing told of a failure that may pass, before the pause; what it throws ends the tries
 *  @throws {LeitmotifError} 'cancelled', 'library-unavailable', 'library-forbidden', 'file-unreadable'; or whatever
 *    `keep` says is the caller's own matter */
export async function withRetries<T>(
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
      shouldRetry: ({ error }) => !signal?.aborted && !keep(error) && mayPass(error),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        const askedMs = retriesLeft > 0 && mayPass(error) ? retryAfterMs(error) : null;
        if (askedMs !== null) await delay(askedMs, undefined, { ...(signal && { signal }) });
      },
    });
  } catch (error) {
    if (signal?.aborted)
      throw new LeitmotifError('cancelled', `Stopped before it could ${operation.what}`, { cause: signal.reason });
    throw keep(error) ? error : toLibraryError(error, operation);
  }
}
