/** Messages between a program and its indexing process (src/index-job.ts). Both have the same version. */
import type { CatalogCounts } from '../catalog/counts.ts';
import type { Job } from '../catalog/jobs.ts';
import type { ReindexMode } from '../catalog/reindexes.ts';
import type { Failure } from '../catalog/track-rows.ts';
import type { Config } from '../config/config.ts';
import type { ErrorCode } from '../errors.ts';
import type { ClusterReview } from '../indexing/clusters/review-clusters.ts';
import type { IndexPlan } from '../indexing/plan.ts';
import type { IndexProgress } from '../indexing/progress.ts';
import type { GenerationOutcome } from '../indexing/update-generation.ts';
import type { Backup } from '../maintenance/backup.ts';
import type { Finding } from '../maintenance/verify.ts';

/** The only message to the indexing process. */
export interface JobOrder {
  readonly root: string;
  /** The program's configuration, without the bot's token. */
  readonly config: Config;
  readonly task: JobTask;
}

/** index     works on one reindex (catalog/reindexes.ts);
 *  plan      plans a reindex without doing it;
 *  counts    counts of the catalog;
 *  failures  tracks that could not be indexed;
 *  map       makes the map of the library, if it is not made yet;
 *  marks     marks with what they exclude;
 *  clusters  groups the library's chunks by sound;
 *  mark, unmark   exclude a cluster, or end that; both update the index;
 *  backup    copies the catalog to BACKUPS;
 *  verify    checks the index folder, and repairs what can be repaired.
 *  All but the first would only block the program's thread, for seconds or minutes. */
export type JobTask =
  | { readonly kind: 'index'; readonly reindexId: number }
  | { readonly kind: 'plan'; readonly mode: ReindexMode }
  | { readonly kind: 'counts' }
  | { readonly kind: 'failures'; readonly countMax: number }
  | { readonly kind: 'map' }
  | { readonly kind: 'marks' }
  | LibraryJobTask;

/** Tasks that callers follow as jobs. @see LibraryJobs */
export type LibraryJobTask =
  | { readonly kind: 'clusters' }
  | { readonly kind: 'mark'; readonly clustering: string; readonly clusterId: number; readonly by: string }
  | { readonly kind: 'unmark'; readonly markId: number }
  | { readonly kind: 'backup' }
  | { readonly kind: 'verify'; readonly deep: boolean };

/** A mark without its region. */
export interface MarkFacts {
  /** @see markName */
  readonly name: string;
  readonly note: string;
  readonly madeAtMs: number;
  /** Live chunks in it, and their tracks. */
  readonly chunks: number;
  readonly tracks: number;
}

export interface MarkChange {
  readonly mark: MarkFacts;
  /** The generation before and after; null for none. */
  readonly generationIds: readonly [before: string | null, after: string | null];
}

export interface JobAnswers {
  readonly plan: IndexPlan;
  readonly counts: CatalogCounts;
  readonly failures: { readonly total: number; readonly shown: readonly Failure[] };
  readonly map: 'made';
  readonly marks: readonly MarkFacts[];
  readonly clusters: ClusterReview;
  readonly mark: MarkChange;
  readonly unmark: MarkChange;
  readonly backup: Backup;
  readonly verify: readonly Finding[];
}

export type JobMessage =
  /** Another process indexes; this one starts after it. */
  | { readonly type: 'waiting'; readonly why: string }
  | { readonly type: 'progress'; readonly progress: IndexProgress }
  /** Of tasks other than an index run. */
  | { readonly type: 'counted'; readonly done: number; readonly total: number }
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
