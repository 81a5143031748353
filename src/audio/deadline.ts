/** The abort signal of one job: aborts when the caller aborts, at the timeout, or by hand. */
import { LeitmotifError } from '../errors.ts';
import { timeLimit } from '../io/time-limit.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Aborts the signal. Call it when the job is over, on success and on failure. */
  stop(): void;
  /** Aborts the job with the given reason. */
  giveUp(reason: LeitmotifError): void;
  /** The reason of the abort: audio-timeout, cancelled or the one given to `giveUp`; null when nothing aborted the job. */
  failure(): LeitmotifError | null;
}

/** @param deadlineMs wall time */
export function startDeadline(caller: AbortSignal, deadlineMs: number): Deadline {
  const own = new AbortController();
  const limit = timeLimit(deadlineMs, caller, own.signal);
  const { signal } = limit;
  const stopped = new Error('The job is over');
  const failure = (): LeitmotifError | null => {
    const { aborted, reason } = signal;
    if (!aborted || reason === stopped) return null;
    if (own.signal.aborted && reason === own.signal.reason) return reason;
    if (limit.isOver) {
      const seconds = Math.round(deadlineMs / 1000);
      return new LeitmotifError('audio-timeout', `This file takes too long: given up after ${seconds} s`);
    }
    return new LeitmotifError('cancelled', 'Cancelled before it was finished', { cause: reason });
  };
  const stop = (): void => {
    limit[Symbol.dispose]();
    own.abort(stopped);
  };
  return { signal, stop, giveUp: (reason) => own.abort(reason), failure };
}
