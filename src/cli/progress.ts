/** Progress on stderr: a bar on a terminal, otherwise a line from time to time. */
import { formatDuration } from '../format.ts';
import type { IndexProgress } from '../indexing/progress.ts';
import { progressBar } from './progress-bar.ts';

export interface ProgressDisplay {
  update(progress: IndexProgress): void;
  stop(): void;
}

export function indexProgress(): ProgressDisplay {
  const bar = progressBar(
    ' {bar} {value}/{total} tracks | {audio} of audio | {rate} x real time | {eta_text} left{failed_text}',
  );
  let started = false;
  return {
    update(progress) {
      if (progress.phase !== 'embed' || progress.tracksTotal === 0) return;
      const payload = {
        audio: formatDuration(progress.secondsDone),
        rate: progress.ratePerSec.toFixed(0),
        eta_text: progress.etaSec === null ? '…' : formatDuration(progress.etaSec),
        failed_text: progress.failed > 0 ? ` | ${progress.failed} failed` : '',
      };
      if (!started) bar.start(progress.tracksTotal, progress.tracksDone, payload);
      else bar.update(progress.tracksDone, payload);
      started = true;
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
