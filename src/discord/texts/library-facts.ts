/** What the sentences about the library are made of, in whatever language. */
import type { CatalogCounts, SpaceCounts } from '../../catalog/counts.ts';
import type { JobState } from '../../catalog/jobs.ts';
import type { ReindexMode, ReindexState } from '../../catalog/reindexes.ts';
import type { ErrorCode } from '../../errors.ts';

/** How far a run is. */
export interface ReindexProgress {
  readonly tracksDone: number;
  readonly tracksTotal: number;
  readonly failed: number;
}

/** All that `/library status` shows. Whatever could not be found out is null, and said so. */
export interface LibraryStatus {
  readonly model: ModelFacts | null;
  readonly worker: 'ready' | 'unavailable';
  readonly index:
    | { readonly state: 'open'; readonly processes: number; readonly generation: GenerationFacts }
    | { readonly state: 'closed'; readonly code: ErrorCode };
  readonly tracks: CatalogCounts['tracks'] | null;
  /** Of the space that answers. */
  readonly space: SpaceCounts | null;
  readonly disk: { readonly usedBytes: number; readonly freeBytes: number } | null;
  readonly lastRun: LastRun | null;
  readonly open: OpenReindex | null;
  readonly schedule: ScheduleFacts | null;
}

export interface ModelFacts {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** What it is computed on, in the worker's words. */
  readonly device: string;
  /** What would have been better and could not be used: device, colon, reason. */
  readonly passedOver: readonly string[];
}

export interface GenerationFacts {
  readonly id: string;
  readonly builtAtMs: number;
  readonly chunks: number;
  readonly tracks: number;
}

export interface LastRun {
  readonly state: JobState;
  readonly startedAtMs: number;
  readonly durationSec: number | null;
  readonly embedded: number;
  readonly failed: number;
}

export interface OpenReindex {
  readonly id: number;
  readonly mode: ReindexMode;
  readonly state: ReindexState;
  readonly askedAtMs: number;
  readonly askedBy: string | null;
  /** Another process indexes, and this one waits for it. */
  readonly waits: boolean;
  readonly progress: ReindexProgress | null;
}

export interface ScheduleFacts {
  readonly cron: string;
  readonly timeZone: string;
  readonly nextMs: number | null;
}
