/** Hits for tests: name what matters, the rest is the first chunk of track 1 at distance 0.25. */
import type { ChunkSpan, Hit } from '../../src/domain.ts';

export function hitAt(given: Partial<Omit<Hit, 'distance'>>): Hit {
  const hit = {
    queryChunk: 0,
    queryStartSec: (given.queryChunk ?? 0) * 10,
    trackId: 1,
    trackStartSec: 0,
    durationSec: 10,
    similarity: 0.75,
    ...given,
  };
  return { ...hit, distance: 1 - hit.similarity };
}

/** Chunks of 10 s; with a tail, the last reaches back over the one before. */
export function querySpans(count: number, tailOverlapSec = 0): ChunkSpan[] {
  return Array.from({ length: count }, (_, index) => {
    const overlapSec = index === count - 1 && index > 0 ? tailOverlapSec : 0;
    return { index, startSec: index * 10 - overlapSec, endSec: (index + 1) * 10 - overlapSec, overlapSec };
  });
}
