/** The windows of the baselines: cut like in the product (10 s, hop = window, overlapping tail), so that rows are comparable. */
import type { ChunkSpan } from '../../src/domain.ts';

export function tenSecondSpans(durationSec: number): ChunkSpan[] {
  const windowSec = 10;
  const whole = Math.floor(durationSec / windowSec);
  const spans = Array.from({ length: whole }, (_, index) => ({
    index,
    startSec: index * windowSec,
    endSec: (index + 1) * windowSec,
    overlapSec: 0,
  }));
  const restSec = durationSec - whole * windowSec;
  if (whole === 0) return [{ index: 0, startSec: 0, endSec: durationSec, overlapSec: 0 }];
  if (restSec < 0.01) return spans;
  const tail = {
    index: whole,
    startSec: durationSec - windowSec,
    endSec: durationSec,
    overlapSec: windowSec - restSec,
  };
  return [...spans, tail];
}
