/** Retries catalog writes while another process holds the lock.
 *
 *  SQLite's busy timeout blocks the calling thread; the bot's thread must answer Discord's heartbeat, and each acknowledgement
 *  within 3 s. So the bot opens the catalog with almost no timeout and waits here without blocking.
 */
import pRetry from 'p-retry';
import { LeitmotifError } from '../errors.ts';

/** The indexer's transactions hold one track each and take milliseconds; only a stuck lock lasts longer. */
const waitMaxMs = 10_000;
const firstPauseMs = 20;
const pauseMaxMs = 500;

/** Tries at once, then with growing, randomized pauses while the catalog is busy, for 10 s in all.
 *  @param write synchronous and atomic: a transaction, or one statement
 *  @throws {LeitmotifError} catalog-busy after 10 s; any other error of `write`, at once; the signal's reason */
export function retryBusy<T>(write: () => T, signal?: AbortSignal): Promise<T> {
  return pRetry(write, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: firstPauseMs,
    maxTimeout: pauseMaxMs,
    maxRetryTime: waitMaxMs,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof LeitmotifError && error.code === 'catalog-busy',
    ...(signal ? { signal } : {}),
  });
}
