/** Sends the candidates through the worker, several at a time. Stops the run for an error that affects all recordings
 *  (suspects.ts), never for an error of one recording.
 *
 *  A worker that dies fails all tracks in flight, and one of them may be the cause. These are tried again one at a time:
 *  a track fails only when the worker dies while processing it alone.
 */
import PQueue from 'p-queue';
import { WorkerLostError } from '../embedding/retries.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { Candidate } from './compare.ts';
import { indexTrack, recordFailure, type TrackDependencies, type TrackOutcome } from './index-track.ts';
import { type Suspect, Suspects } from './suspects.ts';

export interface EmbedAllOptions extends TrackDependencies {
  /** Tracks in flight: enough for the worker to decode the next tracks while it embeds. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called after each track's transaction. */
  readonly onOutcome: (candidate: Candidate, outcome: TrackOutcome) => void;
}

/** When the worker dies for this many single tracks in a row, the tracks are not the cause. */
const lostInARowMax = 2;

interface Work extends EmbedAllOptions {
  readonly suspects: Suspects<Candidate>;
}

/** Resolves when every candidate has an outcome. When it throws, each track either has an outcome or is unchanged, and
 *  nothing is in flight.
 *  @throws {LeitmotifError} 'cancelled' by the signal; 'worker-unavailable', 'disk-full' and other errors that several
 *    recordings met in a row; internal errors unchanged */
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
      if ('stop' in settled) throw toThrown(settled.stop);
      fail(settled.failed);
    }
  } catch (error) {
    throw options.signal.aborted ? cancelled(options.signal) : error;
  }
}

/** Runs until all candidates have an outcome or are suspects, or the worker was lost.
 *  @returns the candidates in flight when the worker was lost */
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
      // The first error is the cause; later ones are aborts that it triggered.
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

/** @returns the loss of the worker, which another recording may have caused; null when it was not lost
 *  @throws an error that affects all recordings; the abort reason */
async function attempt(candidate: Candidate, options: Work, signal: AbortSignal): Promise<WorkerLostError | null> {
  let outcome: TrackOutcome;
  try {
    outcome = await indexTrack(candidate.file, options, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof WorkerLostError) return error;
    const met = options.suspects.add(candidate, toLeitmotifError(error));
    if (met !== null) throw toThrown(met);
    return null;
  }
  options.onOutcome(candidate, outcome);
  return null;
}

/** Unwraps an internal error to keep its stack. */
function toThrown(error: LeitmotifError): unknown {
  return error.code === 'internal' && error.cause instanceof Error ? error.cause : error;
}

/** Longest first, so that the last track in flight is short and no core idles for long. */
function longestFirst(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted((a, b) => b.file.sizeBytes - a.file.sizeBytes);
}

function cancelled(signal: AbortSignal): LeitmotifError {
  const cause = toLeitmotifError(signal.reason);
  return new LeitmotifError('cancelled', 'Indexing was cancelled; what is done is kept', { cause });
}
