/** Download progress on stderr: a bar in a terminal, occasional lines in a file. */
import { formatBytes, formatDuration } from '../format.ts';
import { progressBar } from './progress-bar.ts';
import type { ProgressBar } from './progress-lines.ts';

/** The period that the rate is averaged over. */
const rateOverMs = 5_000;

export interface DownloadDisplay {
  /** @param total null while it is unknown */
  update(download: { readonly file: string; readonly bytes: number; readonly total: number | null }): void;
  stop(): void;
}

export function downloadProgress(now: () => number = () => performance.now()): DownloadDisplay {
  let bar: ProgressBar | null = null;
  let moments: { ms: number; bytes: number }[] = [];
  return {
    update({ file, bytes, total }) {
      // A restarted download goes back to an earlier byte.
      if (bytes < (moments.at(-1)?.bytes ?? 0)) moments = [];
      moments.push({ ms: now(), bytes });
      while (moments.length > 2 && now() - (moments[1]?.ms ?? 0) > rateOverMs) moments.shift();
      const payload = wordsOf(file, bytes, total, rateOf(moments));
      if (bar === null) {
        bar = newBar();
        bar.start(total ?? bytes, bytes, payload);
      } else {
        if (total === null) bar.setTotal(bytes);
        bar.update(bytes, payload);
      }
    },
    stop() {
      bar?.stop();
      bar = null;
      moments = [];
    },
  };
}

function newBar(): ProgressBar {
  return progressBar(' {file} {bar} {done} | {rate}{left}');
}

function rateOf(moments: readonly { ms: number; bytes: number }[]): number | null {
  const [first, last] = [moments[0], moments.at(-1)];
  if (!first || !last || last.ms === first.ms) return null;
  return ((last.bytes - first.bytes) / (last.ms - first.ms)) * 1000;
}

function wordsOf(file: string, bytes: number, total: number | null, bytesPerSec: number | null) {
  const done = total === null ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`;
  const rate = bytesPerSec === null ? '…' : `${formatBytes(Math.round(bytesPerSec))}/s`;
  const isKnown = total !== null && bytesPerSec !== null && bytesPerSec > 0;
  const left = isKnown ? ` | ${formatDuration((total - bytes) / bytesPerSec)} left` : '';
  return { file, done, rate, left };
}
