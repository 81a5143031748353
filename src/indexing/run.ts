/** An index run: scan, embed what changed, and a new generation if there is anything new for it.
 *
 *  It may be killed at any moment: each track is one transaction, so the next run goes on where this one was.
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
  /** The space to index in: that of the model which `embed` uses. */
  readonly spaceId: string;
  /** Called when a track needs embedding and not before: a run with nothing to do starts no worker. */
  readonly embed: Embed;
  /** A file of its own beside the catalog. */
  readonly lockPath: string;
  /** Tracks in flight, 1 or more. */
  readonly concurrency: number;
  /** Tries again what failed before, though it looks the same. */
  readonly retryFailed?: boolean;
  /** Believes that a library which had recordings has none. */
  readonly allowEmpty?: boolean;
  /** Indexes another library into this catalog, whose tracks then count as gone unless they are found there too. */
  readonly replaceLibrary?: boolean;
  /** Embeds again what was embedded before this moment (milliseconds since 1970), though its bytes are the same; until
   *  then the old vectors answer. Given the same moment again, a run that was cut off goes on where it was. */
  readonly embedAgainBeforeMs?: number;
  /** Lets silence, applause and noise into the index. */
  readonly includeNonMusic?: boolean;
  /** Stores the clip of every chunk. */
  readonly clips?: ClipWriter;
  /** Told before the first of them is cut, what storing all that are to come will take. */
  readonly onClipsEstimated?: (estimate: ClipsEstimate) => void;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: IndexProgress) => void;
}

/** @throws {LeitmotifError} 'index-locked' when another run is under way; 'cancelled' by the signal;
 *    'config-invalid' when the catalog holds another library; 'worker-unavailable', 'disk-full', 'space-mismatch' and
 *    whatever else concerns more than one track. What was finished before it is kept, and another run goes on. */
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
  const again = options.embedAgainBeforeMs === undefined ? {} : { embedAgainBeforeMs: options.embedAgainBeforeMs };
  const meter = new ProgressMeter(options.onProgress ?? (() => {}));
  const scanned = await scan({
    catalog,
    library,
    spaceId,
    signal,
    ...again,
    retryFailed: options.retryFailed ?? false,
    allowEmpty: options.allowEmpty ?? false,
    onListed: (files) => meter.listed(files),
  });
  tally.scanned(scanned);
  if (options.clips) options.onClipsEstimated?.(options.clips.estimate(scanned.candidates, spaceId));
  meter.begin(scanned.candidates.map(({ file }) => file));
  const clips = options.clips ? { clips: options.clips } : {};
  await embedAll(scanned.candidates, {
    ...{ catalog, library, spaceId, embed, concurrency, signal, ...again, ...clips },
    onOutcome: ({ file }, outcome) => {
      tally.count(file, outcome);
      meter.finished(file, { audioSec: outcome.audioSec, failed: outcome.kind === 'failed' });
    },
  });
  meter.enter('generation');
  const generation = await updateGeneration(options);
  // After the generation: answers do not wait for clips.
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

/** The job's row is the least of our worries when the disk is full: the next run marks it as interrupted. */
function recordStop(catalog: Catalog, jobId: number, failure: unknown): void {
  const { code, message } = toLeitmotifError(failure);
  try {
    catalog.jobs.finish(jobId, code === 'cancelled' ? 'cancelled' : 'failed', { code, message });
  } catch {
    // The failure that is about to be thrown says more than this one.
  }
}
