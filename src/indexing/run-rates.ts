/** How fast earlier index runs were. Pure. */
import type { Job } from '../catalog/jobs.ts';

export interface RunRate {
  readonly startedAtMs: number;
  readonly wallSec: number;
  readonly embedded: number;
  readonly audioSec: number;
  readonly bytes: number;
}

/** Runs that embedded nothing tell nothing of how long embedding takes. */
export function recentRates(jobs: readonly Job[]): RunRate[] {
  return jobs.flatMap(({ startedAtMs, finishedAtMs, counters }) => {
    const { embedded = 0, audioSec = 0, embeddedBytes: bytes = 0 } = counters;
    // Not after its start: the clock was set back meanwhile.
    if (finishedAtMs === null || finishedAtMs <= startedAtMs || bytes === 0) return [];
    return [{ startedAtMs, wallSec: (finishedAtMs - startedAtMs) / 1000, embedded, audioSec, bytes }];
  });
}
