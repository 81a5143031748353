/** Limits ffmpeg's work before the first sample. Reading tags takes time quadratic in their number and length, up to minutes,
 *  and ffmpeg ignores SIGTERM meanwhile. Such a job must not occupy a slot. */
import { LeitmotifError } from '../errors.ts';
import { chargedTimer } from '../io/time-charged.ts';
import type { RunningFfmpeg } from './ffmpeg.ts';
import { type AudioLimits, openCpuMaxMs, openDeadlineMs } from './limits.ts';

/** Limit of the output to stderr: ffmpeg prints the tags that it reads. */
export const describedBytesMax = 64 * 1024 * 1024;
const checkIntervalMs = 200;

export interface OpeningWatch {
  /** Call it when the first sample has arrived or ffmpeg has ended. */
  stop(): void;
}

/** @param giveUp called once, with the reason, when opening exceeds a limit */
export function watchOpening(
  run: Pick<RunningFfmpeg, 'usage' | 'describedBytes'>,
  limits: AudioLimits,
  giveUp: (reason: LeitmotifError) => void,
): OpeningWatch {
  const { openCpuMaxMs: cpuMaxMs = openCpuMaxMs, openDeadlineMs: deadlineMs = openDeadlineMs } = limits;
  let isStopped = false;
  const stop = (reason?: LeitmotifError) => {
    clearInterval(work);
    wait.cancel();
    if (reason !== undefined && !isStopped) giveUp(reason);
    isStopped = true;
  };
  const work = setInterval(() => {
    const isOver = (run.usage()?.processorMs ?? 0) > cpuMaxMs || run.describedBytes() > describedBytesMax;
    if (isOver) stop(tooCostlyError());
  }, checkIntervalMs);
  // A busy machine that lets ffmpeg wait says nothing about the file.
  const wait = chargedTimer(run.usage, deadlineMs, () => stop(tooSlowError(deadlineMs)));
  return { stop: () => stop() };
}

function tooCostlyError(): LeitmotifError {
  return new LeitmotifError(
    'audio-too-costly',
    'Opening this file takes more work than any recording needs: its tags are far too large or too many. Remove them ' +
      'and try again',
  );
}

function tooSlowError(deadlineMs: number): LeitmotifError {
  const seconds = Math.round(deadlineMs / 1000);
  return new LeitmotifError(
    'audio-timeout',
    `This file takes too long: no sound came within ${seconds} s, although it is not much work. Its disk or server may be slow`,
  );
}
