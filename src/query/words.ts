/** An answer in words: the verdict's sentence, and why a piece is in the ranking. Pure. */
import type { Hit } from '../domain.ts';
import { distanceInWords, formatTime, trackName } from '../format.ts';
import { countVoters } from '../search/tail-votes.ts';
import { type Answer, musicChunks, type Result } from './answer.ts';

export function verdictSentence(answer: Answer): string {
  const { verdict, results, query } = answer;
  if (musicChunks(query).length === 0) return `Only ${whatElse(answer)}: there is no music in it to compare`;
  if (verdict.kind === 'nothing-close') return 'Nothing close in the library';
  if (verdict.kind === 'this-is') {
    const own = results.find((result) => result.track.id === verdict.trackId);
    return `This is ${own ? trackName(own.track) : 'a recording of the library'}, ${offsetInWords(verdict.offsetSec)}`;
  }
  const best = results[0];
  return best ? `Sounds like ${trackName(best.track)}` : 'Nothing close in the library';
}

/** What to try after an answer that does not help. */
export function whatToTry(answer: Answer): string | undefined {
  if (musicChunks(answer.query).length === 0) return 'Try another recording, or another part of it (--from, --to).';
  if (answer.verdict.kind === 'nothing-close') {
    return 'Try a longer or another part (--from, --to). What follows is the least distant, not a recommendation.';
  }
  return undefined;
}

/** Why this piece: its nearest moment, how many of the query's chunks agree, and whether they agree in time. */
export function reasonFor(result: Result, answer: Answer): string {
  const best = result.hits[0];
  if (!best) return '';
  const total = countVoters(musicChunks(answer.query));
  const run = result.longestRunSec > best.durationSec + 0.5 ? `, ${Math.round(result.longestRunSec)} s in step` : '';
  return (
    `${isIt(answer, result) ? 'the very recording' : distanceInWords(result.bestDistance)} at yours ` +
    `${formatTime(best.queryStartSec)} - theirs ${formatTime(momentInTrack(answer, result, best))}; ${result.agreeingChunks} of ${total} chunks agree${run}`
  );
}

/** Where in the piece a hit is heard: the window's start, but for the very recording the same note as in the query,
 *  since the library's windows seldom begin where the query's do. */
export function momentInTrack(answer: Answer, result: Result, hit: Hit): number {
  const { verdict, query } = answer;
  if (verdict.kind !== 'this-is' || !isIt(answer, result)) return hit.trackStartSec;
  const sameNoteSec = hit.queryStartSec - query.fromSec + verdict.offsetSec;
  const inStep = Math.abs(sameNoteSec - hit.trackStartSec) <= hit.durationSec;
  return inStep ? Math.max(sameNoteSec, 0) : hit.trackStartSec;
}

function isIt({ verdict }: Answer, { track }: Result): boolean {
  return verdict.kind === 'this-is' && verdict.trackId === track.id;
}

function offsetInWords(offsetSec: number): string {
  return offsetSec >= 0 ? `from ${formatTime(offsetSec)}` : `which begins at yours ${formatTime(-offsetSec)}`;
}

function whatElse({ query }: Answer): string {
  const kinds = [...new Set(query.chunks.map((chunk) => chunk.kind))].sort();
  return kinds.length === 0 ? 'silence' : kinds.join(' and ');
}
