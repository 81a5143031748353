/** Sends the candidates through the worker, several at a time, and stops all of them when one meets what concerns all.
 *
 *  A worker that dies takes down every track that it was at, and one of them may be why. So those are tried again one at
 *  a time: the one over which the worker dies even then has failed, and the others have not.
 */
import PQueue from 'p-queue';
import { WorkerLostError } from '../embedding/retries.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { Candidate } from './compare.ts';
import { indexTrack, recordFailure, type TrackDependencies, type TrackOutcome } from './index-track.ts';

export interface EmbedAllOptions extends TrackDependencies {
  /** Tracks in flight: enough that the worker decodes the next ones while it embeds the first. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called after each track's transaction. */
  readonly onOutcome: (candidate: Candidate, outcome: TrackOutcome) => void;
}

/** Two tracks in a row that kill the worker, each alone: then it is not the tracks. */
const lostInARowMax = 2;

/** Resolves when every candidate has had its outcome. When it throws, each track either had its outcome or is as it was,
 *  and nothing is in flight any more.
 *  @throws {LeitmotifError} 'cancelled' by the signal; 'worker-unavailable', 'disk-full' and whatever else stops a run */
export async function embedAll(candidates: readonly Candidate[], options: EmbedAllOptions): Promise<void> {
  const left = new Set(longestFirst(candidates));
  const onOutcome = (candidate: Candidate, outcome: TrackOutcome) => {
    left.delete(candidate);
    options.onOutcome(candidate, outcome);
  };
  try {
    while (left.size > 0) {
      const lost = await embedTogether([...left], { ...options, onOutcome });
      await embedAlone(lost, { ...options, onOutcome });
    }
  } catch (error) {
    throw options.signal.aborted ? cancelled(options.signal) : error;
  }
}

/** Until all have had their outcome or the worker was lost.
 *  @returns those over which the worker was lost */
async function embedTogether(candidates: readonly Candidate[], options: EmbedAllOptions): Promise<Candidate[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = new PQueue({ concurrency: options.concurrency });
  const lost: Candidate[] = [];
  let stoppedBy: unknown;
  const run = async (candidate: Candidate) => {
    if (signal.aborted || lost.length > 0) return;
    try {
      options.onOutcome(candidate, await indexTrack(candidate.file, options, signal));
    } catch (error) {
      if (error instanceof WorkerLostError) lost.push(candidate);
      // The first one is the reason; those after it were aborted because of it.
      else if (!stop.signal.aborted) {
        stoppedBy = error;
        stop.abort();
      }
    }
  };
  for (const candidate of candidates) void queue.add(() => run(candidate));
  await queue.onIdle();
  options.signal.throwIfAborted();
  if (stoppedBy !== undefined) throw stoppedBy;
  return lost;
}

async function embedAlone(candidates: readonly Candidate[], options: EmbedAllOptions): Promise<void> {
  let lostInARow = 0;
  for (const candidate of candidates) {
    try {
      options.onOutcome(candidate, await indexTrack(candidate.file, options, options.signal));
      lostInARow = 0;
    } catch (error) {
      if (!(error instanceof WorkerLostError) || ++lostInARow >= lostInARowMax) throw error;
      options.onOutcome(candidate, recordFailure(candidate.file, options, null, error));
    }
  }
}

/** So that the last one in flight is a short one and no core waits long for it. */
function longestFirst(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted((a, b) => b.file.sizeBytes - a.file.sizeBytes);
}

function cancelled(signal: AbortSignal): LeitmotifError {
  const cause = toLeitmotifError(signal.reason);
  return new LeitmotifError('cancelled', 'Indexing was cancelled; what is done is kept', { cause });
}
