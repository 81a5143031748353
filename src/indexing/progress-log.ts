/** How far a run is, in the log: a line when a phase begins, and now and then while it lasts. */
import type { IndexProgress } from './progress.ts';

const lineEachMs = 30_000;

/** @param write takes the figures of a line and its words
 *  @param nowMs a clock that never goes back
 *  @returns to be told every progress */
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
