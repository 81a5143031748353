/** What an answer says, before it is put into the words of any language. Pure. */
import type { ChunkKind, Hit } from '../domain.ts';
import { trackName } from '../format.ts';
import { countVoters } from '../ranking/tail-votes.ts';
import { type Answer, musicChunks, type Result } from './answer.ts';

export type VerdictFacts =
  /** Nothing in the query can be compared: the kinds that it holds instead, each once, none if it holds nothing. */
  | { readonly kind: 'no-music'; readonly heard: readonly ChunkKind[] }
  /** name: null for a recording that is not among the results. */
  | { readonly kind: 'this-is'; readonly name: string | null; readonly offsetSec: number }
  | { readonly kind: 'sounds-like'; readonly name: string }
  | { readonly kind: 'nothing-close' };

export function verdictFacts({ verdict, results, query }: Answer): VerdictFacts {
  if (musicChunks(query).length === 0) {
    return { kind: 'no-music', heard: [...new Set(query.chunks.map((chunk) => chunk.kind))].sort() };
  }
  if (verdict.kind === 'this-is') {
    const own = results.find((result) => result.track.id === verdict.trackId);
    return { kind: 'this-is', name: own ? trackName(own.track) : null, offsetSec: toWhole(verdict.offsetSec) };
  }
  const best = results[0];
  if (verdict.kind === 'nothing-close' || !best) return { kind: 'nothing-close' };
  return { kind: 'sounds-like', name: trackName(best.track) };
}

/** Fingerprints have an item each 0.124 s, and tell an offset no more closely. */
const offsetPrecisionSec = 0.13;

/** Times are shown rounded down: what may as well be a whole second is one, or 29.96 s would be 0:29. */
function toWhole(sec: number): number {
  const whole = Math.round(sec);
  return Math.abs(sec - whole) <= offsetPrecisionSec ? whole : sec;
}

/** What else the recording is called: by its name, or by its file's path where the names are equal. Best ranked first. */
export function otherNames({ track, alsoAs = [] }: Result): string[] {
  const uses = Map.groupBy([track, ...alsoAs].map(trackName), (name) => name);
  return alsoAs.map((other) => (uses.get(trackName(other))?.length === 1 ? trackName(other) : other.key));
}

/** What may help after an answer that does not; null where there is nothing to mend. */
export function adviceAfter(answer: Answer): 'other-recording' | 'longer-part' | null {
  if (musicChunks(answer.query).length === 0) return 'other-recording';
  return answer.verdict.kind === 'nothing-close' ? 'longer-part' : null;
}

/** Why a piece is in the ranking: its nearest moment, how many of the query's chunks agree, and whether in time. */
export interface ReasonFacts {
  readonly isTheVeryRecording: boolean;
  /** The nearest moment, in seconds of the query's and of the piece's recording. */
  readonly yoursSec: number;
  readonly theirsSec: number;
  readonly agreeingChunks: number;
  readonly voters: number;
  /** The longest run of chunks that agree in time, where it is more than one. */
  readonly inStepSec: number | null;
}

/** @returns null for a result without evidence */
export function reasonFacts(result: Result, answer: Answer): ReasonFacts | null {
  const best = result.hits[0];
  if (!best) return null;
  return {
    isTheVeryRecording: isIt(answer, result),
    yoursSec: best.queryStartSec,
    theirsSec: isIt(answer, result)
      ? toWhole(momentInTrack(answer, result, best))
      : momentInTrack(answer, result, best),
    agreeingChunks: result.agreeingChunks,
    // Where what is not music votes too, more chunks can agree than there is music.
    voters: Math.max(countVoters(musicChunks(answer.query)), result.agreeingChunks),
    inStepSec: result.longestRunSec > best.durationSec + 0.5 ? result.longestRunSec : null,
  };
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

export function isIt({ verdict }: Answer, { track }: Result): boolean {
  return verdict.kind === 'this-is' && verdict.trackId === track.id;
}
