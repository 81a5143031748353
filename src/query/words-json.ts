/** Converts an answer to a query in words to the object that `--json` prints. Pure. */
import type { WordsAnswer } from './find-by-words.ts';

export function wordsJson({ text, spaceId, generation, results, timingsMs }: WordsAnswer) {
  return {
    text,
    spaceId,
    generation,
    results: results.map(({ rank, track, moments }) => ({
      rank,
      key: track.key,
      title: track.title,
      artist: track.artist,
      moments: moments.map(({ startSec, endSec, similarity }) => ({
        startSec: Number(startSec.toFixed(3)),
        endSec: Number(endSec.toFixed(3)),
        similarity: Number(similarity.toFixed(6)),
      })),
    })),
    timingsMs: Object.fromEntries(Object.entries(timingsMs).map(([stage, ms]) => [stage, Math.round(ms)])),
  };
}
