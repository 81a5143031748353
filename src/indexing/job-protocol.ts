/** What the bot and its indexing process (src/index-job.ts) say to each other. Both are of one program and version. */
import type { CatalogCounts } from '../catalog/counts.ts';
import type { Job } from '../catalog/jobs.ts';
import type { ReindexMode } from '../catalog/reindexes.ts';
import type { Failure } from '../catalog/track-rows.ts';
import type { ErrorCode } from '../errors.ts';
import type { IndexPlan } from './plan.ts';
import type { IndexProgress } from './progress.ts';
import type { GenerationOutcome } from './update-generation.ts';

/** The first and only message to it. */
export interface JobOrder {
  readonly root: string;
  /** The bot's configuration, without its token; this layer does not know its form. */
  readonly config: unknown;
  readonly task: JobTask;
}

/** index     works on one reindex (catalog/reindexes.ts);
 *  plan      what a reindex would do;
 *  counts    the catalog in numbers;
 *  failures  what could not be indexed.
 *  The latter three read much and write nothing: they would hold the bot's thread for seconds. */
export type JobTask =
  | { readonly kind: 'index'; readonly reindexId: number }
  | { readonly kind: 'plan'; readonly mode: ReindexMode }
  | { readonly kind: 'counts' }
  | { readonly kind: 'failures'; readonly countMax: number };

export interface JobAnswers {
  readonly plan: IndexPlan;
  readonly counts: CatalogCounts;
  readonly failures: { readonly total: number; readonly shown: readonly Failure[] };
}

export type JobMessage =
  /** Another process indexes; this one begins when that one has ended. */
  | { readonly type: 'waiting'; readonly why: string }
  | { readonly type: 'progress'; readonly progress: IndexProgress }
  | { readonly type: 'answer'; readonly answer: JobAnswers[keyof JobAnswers] }
  /** Just before it exits without having done what it was told. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/** How a reindex went: what lies in its row as JSON. Numbers of files over all the runs that worked on it. */
export interface ReindexSummary {
  readonly embedded: number;
  readonly reused: number;
  readonly moved: number;
  readonly removed: number;
  readonly failed: number;
  readonly listed: number;
  readonly audioSec: number;
  /** Seconds of audio a second of time, of the run that finished it; null when it embedded nothing. */
  readonly ratePerSec: number | null;
  readonly generation: GenerationOutcome;
}

/** @param jobs all runs that worked on it, the last one last */
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
    // What failed in a run that was cut off is looked at again by the next one: only the last one's count stands.
    failed: failed + notListed,
    listed,
    ratePerSec: audioSec > 0 && wallSec > 0 ? audioSec / wallSec : null,
    generation,
  };
}
