/** What an index run would do, and how long such runs took before: for whoever must decide whether to start one. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Job } from '../catalog/jobs.ts';
import type { Library } from '../library/library.ts';
import type { ClipsEstimate } from './clip-estimate.ts';
import type { ClipKeeper } from './clip-keeper.ts';
import { lookAround } from './scan.ts';

export interface PlanOptions {
  readonly catalog: Catalog;
  readonly library: Library;
  readonly spaceId: string;
  readonly retryFailed?: boolean;
  readonly embedAgainBeforeMs?: number;
  readonly clips?: ClipKeeper;
  readonly signal: AbortSignal;
}

export interface IndexPlan {
  /** Numbers of files, as of now. */
  readonly files: Readonly<Record<PlannedFiles, number>>;
  /** Of the files to look into. */
  readonly bytes: number;
  /** What earlier runs make of these bytes; null where no run tells. */
  readonly expected: { readonly audioSec: number; readonly wallSec: number } | null;
  /** What storing clips will take; null where none are stored. */
  readonly clips: ClipsEstimate | null;
  /** The last runs that embedded anything, newest first. */
  readonly before: readonly RunRate[];
}

/** added, changed, retried (failed before), again (embedded before, and anew): to look into;
 *  moved, removed, unchanged: nothing to embed; failedBefore: not tried again */
type PlannedFiles =
  | 'listed'
  | 'added'
  | 'changed'
  | 'retried'
  | 'again'
  | 'moved'
  | 'removed'
  | 'unchanged'
  | 'failedBefore';

export interface RunRate {
  readonly startedAtMs: number;
  readonly wallSec: number;
  readonly embedded: number;
  readonly audioSec: number;
  readonly bytes: number;
}

const runsMax = 5;

/** Reads the listing, and of the files only those that may have been moved. Writes nothing.
 *  @throws {LeitmotifError} 'file-unreadable' when the library cannot be listed or has vanished; 'cancelled' */
export async function planIndex(options: PlanOptions): Promise<IndexPlan> {
  const found = await lookAround({
    ...options,
    retryFailed: options.retryFailed ?? false,
    allowEmpty: false,
    onListed: () => {},
  });
  const { candidates, settled, removed, listed, unchanged, failedBefore } = found;
  const count = (wanted: string) => candidates.filter(({ why }) => why === wanted).length;
  const bytes = candidates.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  const before = recentRates(options.catalog.jobs.recentDone('index', runsMax));
  return {
    files: {
      ...{
        listed,
        unchanged,
        failedBefore,
        moved: settled.length,
        removed: removed.filter(({ key }) => !key.endsWith('/')).length,
      },
      ...{ added: count('added'), changed: count('changed'), retried: count('retried'), again: count('again') },
    },
    bytes,
    expected: expectedOf(bytes, before),
    clips: options.clips?.estimate(candidates, options.spaceId) ?? null,
    before,
  };
}

/** Runs that embedded nothing tell nothing of how long embedding takes. */
export function recentRates(jobs: readonly Job[]): RunRate[] {
  return jobs.flatMap(({ startedAtMs, finishedAtMs, counters }) => {
    const { embedded = 0, audioSec = 0, embeddedBytes: bytes = 0 } = counters;
    if (finishedAtMs === null || bytes === 0) return [];
    return [{ startedAtMs, wallSec: (finishedAtMs - startedAtMs) / 1000, embedded, audioSec, bytes }];
  });
}

/** All runs taken as one: long ones tell more than short ones. */
function expectedOf(bytes: number, runs: readonly RunRate[]): IndexPlan['expected'] {
  const total = runs.reduce((sum, run) => sum + run.bytes, 0);
  if (total === 0) return null;
  const share = bytes / total;
  return {
    audioSec: share * runs.reduce((sum, run) => sum + run.audioSec, 0),
    wallSec: share * runs.reduce((sum, run) => sum + run.wallSec, 0),
  };
}
