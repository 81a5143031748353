/** Limits ffmpeg's work before the first sample. Reading tags takes time quadratic in their number and length, up to minutes,
 *  and ffmpeg ignores SIGTERM meanwhile. Such a job must not occupy a slot. */
import { LeitmotifError } from '../errors.ts';
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
  run: Pick<RunningFfmpeg, 'cpuMs' | 'describedBytes'>,
  limits: AudioLimits,
  giveUp: (reason: LeitmotifError) => void,
): OpeningWatch {
  const startedAt = performance.now();
  const { openCpuMaxMs: cpuMaxMs = openCpuMaxMs, openDeadlineMs: deadlineMs = openDeadlineMs } = limits;
  const timer = setInterval(async () => {
    const cpuMs = await run.cpuMs();
    const isOver =
      (cpuMs !== null && cpuMs > cpuMaxMs) ||
      performance.now() - startedAt > deadlineMs ||
      run.describedBytes() > describedBytesMax;
    if (isOver) stop(tooCostlyError());
  }, checkIntervalMs);
  let isStopped = false;
  const stop = (reason?: LeitmotifError) => {
    clearInterval(timer);
    if (reason !== undefined && !isStopped) giveUp(reason);
    isStopped = true;
  };
  return { stop: () => stop() };
}

function tooCostlyError(): LeitmotifError {
  return new LeitmotifError(
    'audio-too-costly',
    'Opening this file takes more work than any recording needs: its tags are far too large or too many. Remove them ' +
      'and try again',
  );
}
