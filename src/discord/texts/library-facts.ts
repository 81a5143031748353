/** Arguments of the texts about the library, for all languages. */
import type { CatalogCounts, SpaceCounts } from '../../catalog/counts.ts';
import type { JobState } from '../../catalog/jobs.ts';
import type { ReindexMode, ReindexState } from '../../catalog/reindexes.ts';
import type { ErrorCode } from '../../errors.ts';

/** Progress of a job. */
export interface ReindexProgress {
  readonly tracksDone: number;
  readonly tracksTotal: number;
  readonly failed: number;
}

/** All facts of `/library status`. A fact that could not be read is null, and shown as unknown. */
export interface LibraryStatus {
  readonly model: ModelFacts | null;
  readonly worker: 'ready' | 'unavailable';
  readonly index:
    | { readonly state: 'open'; readonly processes: number; readonly generation: GenerationFacts }
    | { readonly state: 'closed'; readonly code: ErrorCode };
  readonly tracks: CatalogCounts['tracks'] | null;
  /** Counts of the space in use. */
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
  /** The device that runs the model, as the worker reports it. */
  readonly device: string;
  /** Preferred devices that are not usable: device, colon, reason. */
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
  readonly requestedAtMs: number;
  readonly requestedBy: string | null;
  /** Whether the job waits for another process that is indexing. */
  readonly waits: boolean;
  readonly progress: ReindexProgress | null;
}

export interface ScheduleFacts {
  readonly cron: string;
  readonly timeZone: string;
  readonly nextMs: number | null;
}
