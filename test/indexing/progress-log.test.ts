import { expect, test } from 'vitest';
import type { IndexProgress } from '../../src/indexing/progress.ts';
import { progressLog } from '../../src/indexing/progress-log.ts';

function progress(changes: Partial<IndexProgress>): IndexProgress {
  return {
    ...{ phase: 'embed', tracksDone: 0, tracksTotal: 10, secondsDone: 0, bytesDone: 0, bytesTotal: 100 },
    ...{ failed: 0, ratePerSec: 0, etaSec: null },
    ...changes,
  };
}

test('writes a line for each phase and every half minute, with rate, hours of audio and time left', () => {
  const lines: unknown[] = [];
  let nowMs = 0;
  const tell = progressLog(
    (figures) => lines.push(figures),
    () => nowMs,
  );
  tell(progress({ phase: 'scan' }));
  for (nowMs = 1_000; nowMs <= 40_000; nowMs += 1_000) {
    const tracksDone = nowMs / 10_000;
    tell(progress({ tracksDone, secondsDone: nowMs / 10, ratePerSec: 123.4, etaSec: 59.6 }));
  }
  tell(progress({ phase: 'generation', tracksDone: 10 }));
  expect(lines).toMatchObject([
    { phase: 'scan' },
    { phase: 'embed', audioHours: 0.03 },
    { phase: 'embed', tracksDone: 3.1, tracksTotal: 10, audioHours: 0.86, timesRealTime: 123, leftSec: 60, failed: 0 },
    { phase: 'generation' },
  ]);
});
