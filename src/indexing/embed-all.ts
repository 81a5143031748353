/** Sends the candidates through the worker, several at a time, and stops all of them when they meet what concerns all
 *  (suspects.ts): never for what one of them met alone.
 *
 *  A worker that dies takes down every track that it was at, and one of them may be why. So those are tried again one at
 *  a time: the one over which the worker dies even then has failed, and the others have not.
 */
import PQueue from 'p-queue';
import { WorkerLostError } from '../embedding/retries.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { Candidate } from './compare.ts';
import { indexTrack, recordFailure, type TrackDependencies, type TrackOutcome } from './index-track.ts';
import { type Suspect, Suspects } from './suspects.ts';

export interface EmbedAllOptions extends TrackDependencies {
  /** Tracks in flight: enough that the worker decodes the next ones while it embeds the first. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called after each track's transaction. */
  readonly onOutcome: (candidate: Candidate, outcome: TrackOutcome) => void;
}

/** Two tracks in a row that kill the worker, each alone: then it is not the tracks. */
const lostInARowMax = 2;

interface Work extends EmbedAllOptions {
  readonly suspects: Suspects<Candidate>;
}

/** Resolves when every candidate has had its outcome. When it throws, each track either had its outcome or is as it was,
 *  and nothing is in flight any more.
 *  @throws {LeitmotifError} 'cancelled' by the signal; what several recordings met one after another: 'worker-unavailable',
 *    'disk-full' and whatever else is no recording's fault; our own mistakes as they are */
export async function embedAll(candidates: readonly Candidate[], options: EmbedAllOptions): Promise<void> {
  const left = new Set(longestFirst(candidates));
  const suspects = new Suspects<Candidate>();
  const onOutcome = (candidate: Candidate, outcome: TrackOutcome) => {
    left.delete(candidate);
    options.onOutcome(candidate, outcome);
    if (outcome.kind !== 'embedded') return;
    fail(suspects.clear());
  };
  const fail = (failed: readonly Suspect<Candidate>[]) => {
    for (const { item, error } of failed) onOutcome(item, recordFailure(item.file, options, null, error));
  };
  const work = { ...options, suspects, onOutcome };
  try {
    while (left.size > 0) {
      const lost = await embedTogether([...left], work);
      await embedAlone(lost, work);
      if (lost.length > 0) continue;
      const settled = suspects.settle();
      if ('stop' in settled) throw asThrown(settled.stop);
      fail(settled.failed);
    }
  } catch (error) {
    throw options.signal.aborted ? cancelled(options.signal) : error;
  }
}

/** Until all have had their outcome or are suspects, or the worker was lost.
 *  @returns those over which the worker was lost */
async function embedTogether(candidates: readonly Candidate[], options: Work): Promise<Candidate[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = new PQueue({ concurrency: options.concurrency });
  const lost: Candidate[] = [];
  let stoppedBy: unknown;
  const run = async (candidate: Candidate) => {
    if (signal.aborted || lost.length > 0) return;
    try {
      if ((await attempt(candidate, options, signal)) !== null) lost.push(candidate);
    } catch (error) {
      // The first one is the reason; those after it were aborted because of it.
      if (!stop.signal.aborted) stoppedBy = error;
      stop.abort();
    }
  };
  for (const candidate of candidates) void queue.add(() => run(candidate));
  await queue.onIdle();
  options.signal.throwIfAborted();
  if (stoppedBy !== undefined) throw stoppedBy;
  return lost;
}

async function embedAlone(candidates: readonly Candidate[], options: Work): Promise<void> {
  let lostInARow = 0;
  for (const candidate of candidates) {
    const error = await attempt(candidate, options, options.signal);
    lostInARow = error ? lostInARow + 1 : 0;
    if (error === null) continue;
    if (lostInARow >= lostInARowMax) throw error;
    options.onOutcome(candidate, recordFailure(candidate.file, options, null, error));
  }
}

/** @returns how the worker was lost, which may be another recording's doing; null when it was not
 *  @throws what meets all recordings, or the reason when the signal is aborted */
async function attempt(candidate: Candidate, options: Work, signal: AbortSignal): Promise<WorkerLostError | null> {
  let outcome: TrackOutcome;
  try {
    outcome = await indexTrack(candidate.file, options, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof WorkerLostError) return error;
    const met = options.suspects.add(candidate, toLeitmotifError(error));
    if (met !== null) throw asThrown(met);
    return null;
  }
  options.onOutcome(candidate, outcome);
  return null;
}

/** A mistake of ours stays what it was, with its stack. */
function asThrown(error: LeitmotifError): unknown {
  return error.code === 'internal' && error.cause instanceof Error ? error.cause : error;
}

/** So that the last one in flight is a short one and no core waits long for it. */
function longestFirst(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted((a, b) => b.file.sizeBytes - a.file.sizeBytes);
}

function cancelled(signal: AbortSignal): LeitmotifError {
  const cause = toLeitmotifError(signal.reason);
  return new LeitmotifError('cancelled', 'Indexing was cancelled; what is done is kept', { cause });
}
