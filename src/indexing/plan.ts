/** Plans an index run: its changes, and its duration estimated from earlier runs. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Library } from '../library/library.ts';
import { bindLibrary } from './bind-library.ts';
import type { ClipsEstimate } from './clip-estimate.ts';
import type { ClipWriter } from './clip-writer.ts';
import { type RunRate, recentRates } from './run-rates.ts';
import { findChanges, type ScanResult } from './scan.ts';

export interface PlanOptions {
  readonly catalog: Catalog;
  readonly library: Library;
  readonly spaceId: string;
  readonly retryFailed?: boolean;
  readonly embedAgainBeforeMs?: number;
  readonly clips?: ClipWriter;
  readonly allowEmpty?: boolean;
  readonly signal: AbortSignal;
  /** Called with the number of files listed so far. */
  readonly onListed?: (files: number) => void;
}

export interface IndexPlan {
  /** Counts of files. */
  readonly files: Readonly<Record<PlannedFiles, number>>;
  /** Total size of the files to read. */
  readonly bytes: number;
  /** Estimate from earlier runs; null without any. */
  readonly expected: { readonly audioSec: number; readonly wallSec: number } | null;
  /** Estimate of the clips to store; null when clips are off. */
  readonly clips: ClipsEstimate | null;
  /** The last runs that embedded tracks, newest first. */
  readonly before: readonly RunRate[];
}

/** added, changed, retried (failed before), again (embedded again): files to read;
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

const runsMax = 5;

/** A plan with the names of all files, sorted by key. */
export interface DetailedPlan extends IndexPlan {
  readonly added: readonly PlannedFile[];
  readonly changed: readonly PlannedFile[];
  readonly retried: readonly PlannedFile[];
  readonly moved: readonly { readonly from: string; readonly to: string; readonly sizeBytes: number }[];
  /** Sizes as of the last scan. */
  readonly removed: readonly PlannedFile[];
  /** Files and folders that cannot be read and would be recorded as failed. */
  readonly problems: readonly { readonly key: string; readonly message: string }[];
}

export interface PlannedFile {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Reads the listing and the files that may have been moved. Writes nothing.
 *  @throws {LeitmotifError} 'file-unreadable' when the library cannot be listed or has vanished; 'cancelled' */
export async function planIndex(options: PlanOptions): Promise<IndexPlan> {
  return planOf(await look(options), options);
}

/** The same with the names of all files. Writes nothing.
 *  @throws {LeitmotifError} as planIndex; 'config-invalid' when the catalog holds another library, as the run would */
export async function planInDetail(
  options: PlanOptions & { readonly replaceLibrary?: boolean },
): Promise<DetailedPlan> {
  const { catalog } = options;
  const untouched = { libraryLocation: catalog.libraryLocation, tracks: catalog.tracks };
  bindLibrary({ ...options, catalog: untouched });
  const found = await look(options);
  const filesFor = (wanted: string) =>
    found.candidates.filter(({ why }) => why === wanted).map(({ file: { key, sizeBytes } }) => ({ key, sizeBytes }));
  return {
    ...planOf(found, options),
    ...{ added: filesFor('added'), changed: filesFor('changed'), retried: filesFor('retried') },
    moved: found.moved.map(({ from, to }) => ({ from: from.key, to: to.key, sizeBytes: to.sizeBytes })),
    removed: found.removed.filter(isFile).map(({ key, sizeBytes }) => ({ key, sizeBytes: sizeBytes ?? 0 })),
    problems: found.problems.map(({ key, message }) => ({ key, message })),
  };
}

/** A folder that could not be listed was recorded as failed, by a key of its own. */
function isFile({ key }: { readonly key: string }): boolean {
  return !key.endsWith('/');
}

function look({ retryFailed = false, allowEmpty = false, onListed = () => {}, ...options }: PlanOptions) {
  return findChanges({ ...options, retryFailed, allowEmpty, onListed });
}

function planOf(found: ScanResult, { catalog, clips, spaceId }: PlanOptions): IndexPlan {
  const { candidates, settled, removed, listed, unchanged, failedBefore } = found;
  const count = (wanted: string) => candidates.filter(({ why }) => why === wanted).length;
  const bytes = candidates.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  const before = recentRates(catalog.jobs.recentDone('index', runsMax));
  return {
    files: {
      ...{
        listed,
        unchanged,
        failedBefore,
        moved: settled.length,
        removed: removed.filter(isFile).length,
      },
      ...{ added: count('added'), changed: count('changed'), retried: count('retried'), again: count('again') },
    },
    bytes,
    expected: expectedOf(bytes, before),
    clips: clips?.estimate(candidates, spaceId) ?? null,
    before,
  };
}

/** Sums over all runs, so that long runs weigh more. */
function expectedOf(bytes: number, runs: readonly RunRate[]): IndexPlan['expected'] {
  const total = runs.reduce((sum, run) => sum + run.bytes, 0);
  if (total === 0) return null;
  const share = bytes / total;
  return {
    audioSec: share * runs.reduce((sum, run) => sum + run.audioSec, 0),
    wallSec: share * runs.reduce((sum, run) => sum + run.wallSec, 0),
  };
}
