/** Progress on stderr: a bar where somebody watches, a line now and then where it goes to a file. */
import cliProgress from 'cli-progress';
import { formatDuration } from '../format.ts';
import type { IndexProgress } from '../indexing/progress.ts';

/** How often a line is written when nobody watches. */
const noTtyEveryMs = 5_000;

export interface ProgressDisplay {
  update(progress: IndexProgress): void;
  stop(): void;
}

export function indexProgress(): ProgressDisplay {
  const bar = new cliProgress.SingleBar({
    format: ' {bar} {value}/{total} tracks | {audio} of audio | {rate} x real time | {eta_text} left{failed_text}',
    stream: process.stderr,
    barsize: 30,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: noTtyEveryMs,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
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
