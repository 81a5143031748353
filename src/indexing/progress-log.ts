/** Logs the progress of a run: one line when a phase begins, and one every 30 seconds during it. */
import type { IndexProgress } from './progress.ts';

const lineEachMs = 30_000;

/** @param write writes a line with its fields and its message
 *  @param nowMs a monotonic clock
 *  @returns a listener for progress */
export function progressLog(
  write: (figures: Record<string, unknown>, words: string) => void,
  nowMs: () => number = () => performance.now(),
): (progress: IndexProgress) => void {
  let phase = '';
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    if (progress.phase === phase && nowMs() - writtenAtMs < lineEachMs) return;
    phase = progress.phase;
    writtenAtMs = nowMs();
    write(figuresOf(progress), 'indexing');
  };
}

function figuresOf({ phase, tracksDone, tracksTotal, secondsDone, failed, ratePerSec, etaSec }: IndexProgress) {
  return {
    phase,
    tracksDone,
    tracksTotal,
    audioHours: Math.round(secondsDone / 36) / 100,
    timesRealTime: Math.round(ratePerSec),
    leftSec: etaSec === null ? null : Math.round(etaSec),
    failed,
  };
}
