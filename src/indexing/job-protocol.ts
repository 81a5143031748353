/** Messages between the bot and its indexing process (src/index-job.ts). Both have the same version. */
import type { CatalogCounts } from '../catalog/counts.ts';
import type { Job } from '../catalog/jobs.ts';
import type { ReindexMode } from '../catalog/reindexes.ts';
import type { Failure } from '../catalog/track-rows.ts';
import type { ErrorCode } from '../errors.ts';
import type { IndexPlan } from './plan.ts';
import type { IndexProgress } from './progress.ts';
import type { GenerationOutcome } from './update-generation.ts';

/** The only message to the indexing process. */
export interface JobOrder {
  readonly root: string;
  /** The bot's configuration, without its token; its type is unknown in this layer. */
  readonly config: unknown;
  readonly task: JobTask;
}

/** index     works on one reindex (catalog/reindexes.ts);
 *  plan      plans a reindex without doing it;
 *  counts    counts of the catalog;
 *  failures  tracks that could not be indexed;
 *  map       makes the map of the library, if it is not made yet.
 *  The last four change nothing in the catalog, but would block the bot's thread for seconds. */
export type JobTask =
  | { readonly kind: 'index'; readonly reindexId: number }
  | { readonly kind: 'plan'; readonly mode: ReindexMode }
  | { readonly kind: 'counts' }
  | { readonly kind: 'failures'; readonly countMax: number }
  | { readonly kind: 'map' };

export interface JobAnswers {
  readonly plan: IndexPlan;
  readonly counts: CatalogCounts;
  readonly failures: { readonly total: number; readonly shown: readonly Failure[] };
  readonly map: 'made';
}

export type JobMessage =
  /** Another process indexes; this one starts after it. */
  | { readonly type: 'waiting'; readonly why: string }
  | { readonly type: 'progress'; readonly progress: IndexProgress }
  | { readonly type: 'answer'; readonly answer: JobAnswers[keyof JobAnswers] }
  /** Sent before the process exits without completing its task. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Outcome of a reindex, stored as JSON in its row. Counts of files over all its runs. */
export interface ReindexSummary {
  readonly embedded: number;
  readonly reused: number;
  readonly moved: number;
  readonly removed: number;
  readonly failed: number;
  readonly listed: number;
  readonly audioSec: number;
  /** Seconds of audio per second in the last run; null when it embedded nothing. */
  readonly ratePerSec: number | null;
  readonly generation: GenerationOutcome;
}

/** @param jobs all runs of the reindex in order */
export function summariseReindex(jobs: readonly Job[], generation: GenerationOutcome): ReindexSummary {
  const total = (name: string) => jobs.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0);
  const last = jobs.at(-1);
  const { audioSec = 0, listed = 0, failed = 0, notListed = 0 } = last?.counters ?? {};
  const wallSec = last?.finishedAtMs ? (last.finishedAtMs - last.startedAtMs) / 1000 : 0;
  return {
    embedded: total('embedded'),
    reused: total('reused'),
    moved: total('moved'),
    removed: total('removed'),
    audioSec: total('audioSec'),
    // The next run tries the failures of an interrupted run again, so only the last run's count is valid.
    failed: failed + notListed,
    listed,
    ratePerSec: audioSec > 0 && wallSec > 0 ? audioSec / wallSec : null,
    generation,
  };
}
