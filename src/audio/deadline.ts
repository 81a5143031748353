/** An abort signal for one job: aborts when the caller aborts, at the time-out, or by hand. */
import { LeitmotifError } from '../errors.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Aborts the signal and clears the timer. Call it when the job is over, on success and on failure. */
  stop(): void;
  /** Aborts the job with the given reason. */
  giveUp(reason: LeitmotifError): void;
  /** The reason of the abort: audio-timeout, cancelled or the one given to `giveUp`; null when nothing aborted the job. */
  failure(): LeitmotifError | null;
}

export function startDeadline(caller: AbortSignal, deadlineMs: number): Deadline {
  const controller = new AbortController();
  let failure: LeitmotifError | null = null;
  const end = (reason: LeitmotifError) => {
    if (!controller.signal.aborted) failure = reason;
    stop();
  };
  const cancel = () =>
    end(new LeitmotifError('cancelled', 'Cancelled before it was finished', { cause: caller.reason }));
  const timer = setTimeout(() => {
    const seconds = Math.round(deadlineMs / 1000);
    end(new LeitmotifError('audio-timeout', `This file takes too long: given up after ${seconds} s`));
  }, deadlineMs);
  const stop = () => {
    clearTimeout(timer);
    caller.removeEventListener('abort', cancel);
    controller.abort();
  };
  if (caller.aborted) cancel();
  else caller.addEventListener('abort', cancel, { once: true });
  return { signal: controller.signal, stop, giveUp: end, failure: () => failure };
}
