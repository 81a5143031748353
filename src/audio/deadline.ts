/** A signal that closes when the caller's does, when the time is up, or by hand: the way to end one piece of work. */
import { LeitmotifError } from '../errors.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Closes the signal and forgets the timer. To be called when the work is over, however it ended. */
  stop(): void;
  /** Ends the work, for a reason of its own. */
  giveUp(reason: LeitmotifError): void;
  /** Why the work was ended from outside: audio-timeout or cancelled; null when it was not. */
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
