/** Rates of earlier index runs. Pure. */
import type { Job } from '../catalog/jobs.ts';

export interface RunRate {
  readonly startedAtMs: number;
  readonly wallSec: number;
  readonly embedded: number;
  readonly audioSec: number;
  readonly bytes: number;
}

/** Ignores runs that embedded nothing. */
export function recentRates(jobs: readonly Job[]): RunRate[] {
  return jobs.flatMap(({ startedAtMs, finishedAtMs, counters }) => {
    const { embedded = 0, audioSec = 0, embeddedBytes: bytes = 0 } = counters;
    // An end before the start means that the clock was set back.
    if (finishedAtMs === null || finishedAtMs <= startedAtMs || bytes === 0) return [];
    return [{ startedAtMs, wallSec: (finishedAtMs - startedAtMs) / 1000, embedded, audioSec, bytes }];
  });
}
