/** Sends the candidates through the worker, several at a time, and stops all of them when one meets what concerns all. */
import PQueue from 'p-queue';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { Candidate } from './compare.ts';
import { indexTrack, type TrackDependencies, type TrackOutcome } from './index-track.ts';

export interface EmbedAllOptions extends TrackDependencies {
  /** Tracks in flight: enough that the worker decodes the next ones while it embeds the first. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called after each track's transaction. */
  readonly onOutcome: (candidate: Candidate, outcome: TrackOutcome) => void;
}

/** Resolves when every candidate has had its outcome. When it throws, each track either had its outcome or is as it was,
 *  and nothing is in flight any more.
 *  @throws {LeitmotifError} 'cancelled' by the signal; 'worker-unavailable', 'disk-full' and whatever else stops a run */
export async function embedAll(candidates: readonly Candidate[], options: EmbedAllOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = new PQueue({ concurrency: options.concurrency });
  let stoppedBy: unknown;
  const run = async (candidate: Candidate) => {
    if (signal.aborted) return;
    try {
      options.onOutcome(candidate, await indexTrack(candidate.file, options, signal));
    } catch (error) {
      // The first one is the reason; those after it were aborted because of it.
      if (!stop.signal.aborted) stoppedBy = error;
      stop.abort();
    }
  };
  for (const candidate of longestFirst(candidates)) void queue.add(() => run(candidate));
  await queue.onIdle();
  if (options.signal.aborted) throw cancelled(options.signal);
  if (stoppedBy !== undefined) throw stoppedBy;
}

/** So that the last one in flight is a short one and no core waits long for it. */
function longestFirst(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted((a, b) => b.file.sizeBytes - a.file.sizeBytes);
}

function cancelled(signal: AbortSignal): LeitmotifError {
  const cause = toLeitmotifError(signal.reason);
  return new LeitmotifError('cancelled', 'Indexing was cancelled; what is done is kept', { cause });
}
