/** Writes to the catalog while another process may be writing too.
 *
 *  SQLite's own busy timeout sleeps in the thread that asks, and in the bot that thread answers Discord's heartbeat and
 *  has 3 s for each acknowledgement. So the bot opens the catalog with next to no timeout and waits here, where waiting
 *  blocks nobody.
 */
import pRetry from 'p-retry';
import { LeitmotifError } from '../errors.ts';

/** The indexer's transactions are one track each and take milliseconds; only a lock that somebody forgot lasts longer. */
const waitMaxMs = 10_000;
const firstPauseMs = 20;
const pauseMaxMs = 500;

/** Tries at once, and again with growing pauses for as long as the catalog is busy, 10 s in all. The pauses vary, so that
 *  two that met do not meet again.
 *  @param write synchronous, and whole or not at all: a transaction, or one statement
 *  @throws {LeitmotifError} catalog-busy when it stayed so; anything else that `write` throws, at once; the signal's reason */
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
