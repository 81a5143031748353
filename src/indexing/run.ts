/** An index run: scans the library, embeds changed files, and builds a new generation when the rows changed.
 *
 *  It may be killed at any moment: each track is one transaction, so the next run continues where this one ended.
 */
import type { Catalog } from '../catalog/catalog.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { Library } from '../library/library.ts';
import { bindLibrary } from './bind-library.ts';
import type { ClipsEstimate } from './clip-estimate.ts';
import type { ClipWriter } from './clip-writer.ts';
import { embedAll } from './embed-all.ts';
import type { GenerationStore } from './generation-store.ts';
import type { Embed } from './index-track.ts';
import { IndexLock } from './lock.ts';
import { type IndexProgress, ProgressMeter } from './progress.ts';
import { scan } from './scan.ts';
import { type IndexSummary, RunTally } from './summary.ts';
import { updateGeneration } from './update-generation.ts';

export interface IndexRunOptions {
  readonly catalog: Catalog;
  readonly library: Library;
  readonly generations: GenerationStore;
  /** The space of the model that `embed` uses. */
  readonly spaceId: string;
  /** Called only when a track needs embedding: a run without changes starts no worker. */
  readonly embed: Embed;
  /** A dedicated file next to the catalog. */
  readonly lockPath: string;
  /** Tracks in flight, 1 or more. */
  readonly concurrency: number;
  /** Tries failed files again although they are unchanged. */
  readonly retryFailed?: boolean;
  /** Accepts an empty listing of a library that had recordings. */
  readonly allowEmpty?: boolean;
  /** Indexes another library into this catalog. Tracks that are not in the new library count as gone. */
  readonly replaceLibrary?: boolean;
  /** Embeds tracks again that were embedded before this time (milliseconds since 1970), although their bytes are unchanged.
   *  Queries use the old vectors until then. With the same time, the next run continues an interrupted one. */
  readonly embedAgainBeforeMs?: number;
  /** Includes silence, applause and noise in the index. */
  readonly includeNonMusic?: boolean;
  /** Stores the clip of every chunk. */
  readonly clips?: ClipWriter;
  /** Called with the estimate of all clips before the first is cut. */
  readonly onClipsEstimated?: (estimate: ClipsEstimate) => void;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** @throws {LeitmotifError} 'index-locked' during another run; 'cancelled' by the signal;
 *    'config-invalid' when the catalog holds another library; 'worker-unavailable', 'disk-full', 'space-mismatch' and
 *    other errors that affect more than one track. Finished tracks stay, and the next run continues. */
export async function runIndex(options: IndexRunOptions): Promise<IndexSummary> {
  using _lock = new IndexLock(options.lockPath);
  bindLibrary(options);
  const { catalog, spaceId } = options;
  const tally = new RunTally(catalog.jobs, catalog.jobs.start('index', spaceId));
  try {
    const summary = await runLocked(options, tally);
    catalog.jobs.finish(tally.jobId, 'done');
    return summary;
  } catch (error) {
    const failure = describeStop(error, options.signal, tally);
    recordStop(catalog, tally.jobId, failure);
    throw failure;
  }
}

async function runLocked(options: IndexRunOptions, tally: RunTally): Promise<IndexSummary> {
  const { catalog, library, spaceId, embed, concurrency, signal } = options;
  const { embedAgainBeforeMs, clips } = options;
  const meter = new ProgressMeter(options.onProgress ?? (() => {}));
  const scanned = await scan({
    catalog,
    library,
    spaceId,
    signal,
    embedAgainBeforeMs,
    retryFailed: options.retryFailed ?? false,
    allowEmpty: options.allowEmpty ?? false,
    onListed: (files) => meter.listed(files),
  });
  tally.scanned(scanned);
  if (options.clips) options.onClipsEstimated?.(options.clips.estimate(scanned.candidates, spaceId));
  meter.begin(scanned.candidates.map(({ file }) => file));
  await embedAll(scanned.candidates, {
    ...{ catalog, library, spaceId, embed, concurrency, signal, embedAgainBeforeMs, clips },
    onOutcome: ({ file }, outcome) => {
      tally.count(file, outcome);
      meter.finished(file, { audioSec: outcome.audioSec, failed: outcome.kind === 'failed' });
    },
  });
  meter.enter('generation');
  const generation = await updateGeneration(options);
  // After the generation, so that new tracks are searchable before their clips are stored.
  await options.clips?.tidy(library, spaceId, { concurrency, signal });
  meter.enter('done');
  const withoutMusic = catalog.tracksWithoutMusic(spaceId);
  return { ...tally.summarise(spaceId, generation), withoutMusic, clips: options.clips?.summary ?? null };
}

function describeStop(error: unknown, signal: AbortSignal, tally: RunTally): unknown {
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const reason = toLeitmotifError(error);
  if (signal.aborted) {
    return new LeitmotifError('cancelled', `Indexing was cancelled after ${tally.progress}; run it again to go on`, {
      cause: error,
    });
  }
  const message = `Indexing stopped after ${tally.progress}: ${reason.message.replace(/\.$/, '')}. What is done is kept; run it again to go on`;
  return new LeitmotifError(reason.code, message, { cause: error });
}

/** Updating the job's row may fail on a full disk; then the next run marks the job as interrupted. */
function recordStop(catalog: Catalog, jobId: number, failure: unknown): void {
  const { code, message } = toLeitmotifError(failure);
  try {
    catalog.jobs.finish(jobId, code === 'cancelled' ? 'cancelled' : 'failed', { code, message });
  } catch {
    // The caller throws the original failure, which is more useful than this one.
  }
}
