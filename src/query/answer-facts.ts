/** The facts of an answer, independent of language. Pure. */
import type { ChunkKind, Hit } from '../domain.ts';
import { type DistanceWord, distanceInWords, trackName } from '../format.ts';
import { calibrationOf } from '../ranking/calibration.ts';
import { countVoters } from '../ranking/tail-votes.ts';
import { type Answer, musicChunks, type Result } from './answer.ts';

export type VerdictFacts =
  /** The query holds no music. `kindsFound`: the kinds of its chunks, each once; empty without chunks. */
  | { readonly kind: 'no-music'; readonly kindsFound: readonly ChunkKind[] }
  /** name: null if the recording is not among the results. */
  | {
      readonly kind: 'this-is';
      readonly name: string | null;
      readonly offsetSec: number;
      /** How much faster the query plays the recording, in percent; negative if it is slower, null at its own speed. */
      readonly fasterPercent: number | null;
    }
  | { readonly kind: 'sounds-like'; readonly name: string }
  /** The results are the nearest there are, and probably by chance. */
  | { readonly kind: 'nearest'; readonly name: string }
  | { readonly kind: 'nothing-close' };

export function verdictFacts({ verdict, results, query }: Answer): VerdictFacts {
  if (musicChunks(query).length === 0 && verdict.kind !== 'this-is') {
    return { kind: 'no-music', kindsFound: [...new Set(query.chunks.map((chunk) => chunk.kind))].sort() };
  }
  if (verdict.kind === 'this-is') {
    const own = results.find((result) => result.track.id === verdict.trackId);
    const { speed, offsetSec } = verdict;
    return {
      kind: 'this-is',
      name: own ? trackName(own.track) : null,
      offsetSec: roundedOffset(offsetSec),
      // Half percents: the fingerprints tell speeds apart by about as much.
      fasterPercent: speed === undefined ? null : Math.round((speed - 1) * 200) / 2 || null,
    };
  }
  const best = results[0];
  if (verdict.kind === 'nothing-close' || !best) return { kind: 'nothing-close' };
  return { kind: verdict.kind === 'nearest' ? 'nearest' : 'sounds-like', name: trackName(best.track) };
}

/** Shares of the library's spread from which a result is "similar" and "very similar". Of first results with these matches,
 *  about half and four in five were right (bench/QUALITY.md, "Verdicts"). */
const similarFrom = 0.25;
const verySimilarFrom = 0.75;

/** The word for how near a result is: by its match, and in a space that was not calibrated by the original system's limits
 *  on its distance. */
export function closenessWord({ match, bestDistance }: Result, { spaceId }: Pick<Answer, 'spaceId'>): DistanceWord {
  const byDistance = distanceInWords(bestDistance);
  if (match === undefined || byDistance === 'identical' || calibrationOf(spaceId) === null) return byDistance;
  if (match >= verySimilarFrom) return 'very similar';
  return match >= similarFrom ? 'similar' : 'less similar';
}

/** The match, as people read it, below which a result is not shown: 90 of 100 of the library's tracks are nearer to each other.
 *  The first result is always shown, because the verdict grades it. */
export const shownMatchMin = 10;

/** The answer as people see it: without the results whose match says that they are not alike, the others numbered anew. The
 *  ranking itself goes by the fusion, so such a result may stand above a near one. An answer in a space that was not
 *  calibrated stays as it is, and so does one with the original's fusion, whose numbers are not matches. */
export function shownAnswer(answer: Answer, minMatch = shownMatchMin): Answer {
  if (answer.fusion === 'votes' || calibrationOf(answer.spaceId) === null) return answer;
  const isShown = (result: Result, position: number) =>
    position === 0 || (matchNumber(result, answer) ?? minMatch) >= minMatch;
  const results = answer.results.filter(isShown).map((result, position) => ({ ...result, rank: position + 1 }));
  return { ...answer, results };
}

/** The match as people read it: 0 to 100; null if it is unknown. A proved recording matches in full. */
export function matchNumber(result: Result, answer: Answer): number | null {
  if (isSameTrack(answer, result)) return 100;
  return result.match === undefined ? null : Math.round(result.match * 100);
}

/** Share of the spread from which a part of the space counts as the same. */
const likeFrom = 0.5;

/** In what the result resembles the query; null if in neither part, or if the space has no parts. */
export function likenessOf({ matchOfParts }: Result): 'sound' | 'harmony' | 'both' | null {
  const sound = (matchOfParts?.sound ?? 0) >= likeFrom;
  const harmony = (matchOfParts?.harmony ?? 0) >= likeFrom;
  if (sound && harmony) return 'both';
  return sound ? 'sound' : harmony ? 'harmony' : null;
}

/** Precision of a fingerprint offset: one item per 0.124 s. */
const offsetPrecisionSec = 0.13;

/** Rounds times near a whole second to it: times are shown rounded down, and 29.96 s would become 0:29. */
function roundedOffset(sec: number): number {
  const whole = Math.round(sec);
  return Math.abs(sec - whole) <= offsetPrecisionSec ? whole : sec;
}

/** Other names of the recording; a file's path if names are equal. Best ranked first. */
export function otherNames({ track, alsoAs = [] }: Result): string[] {
  const uses = Map.groupBy([track, ...alsoAs].map(trackName), (name) => name);
  return alsoAs.map((other) => (uses.get(trackName(other))?.length === 1 ? trackName(other) : other.key));
}

/** Advice after an unhelpful answer; null if none is needed. */
export function adviceAfter(answer: Answer): 'other-recording' | 'longer-part' | null {
  const { kind } = answer.verdict;
  if (kind === 'this-is') return null;
  if (musicChunks(answer.query).length === 0) return 'other-recording';
  return kind === 'nothing-close' || kind === 'nearest' ? 'longer-part' : null;
}

/** Why a track is in the ranking: its nearest moment, the number of agreeing query chunks, and whether they agree in time. */
export interface ReasonFacts {
  readonly isSameRecording: boolean;
  /** The nearest moment, in seconds of the query and of the track. */
  readonly yoursSec: number;
  readonly theirsSec: number;
  readonly agreeingChunks: number;
  readonly voters: number;
  /** Seconds of the longest run of chunks that agree in time; null if it is a single chunk. */
  readonly inStepSec: number | null;
}

/** @returns null if the result has no evidence */
export function reasonFacts(result: Result, answer: Answer): ReasonFacts | null {
  const best = result.hits[0];
  if (!best) return null;
  return {
    isSameRecording: isSameTrack(answer, result),
    yoursSec: best.queryStartSec,
    theirsSec: isSameTrack(answer, result)
      ? roundedOffset(momentInTrack(answer, result, best))
      : momentInTrack(answer, result, best),
    agreeingChunks: result.agreeingChunks,
    // If non-music chunks vote too, more chunks can agree than there are music chunks.
    voters: Math.max(countVoters(musicChunks(answer.query)), result.agreeingChunks),
    inStepSec: isInStep(result, best) ? result.longestRunSec : null,
  };
}

/** Answers of older versions do not say whether chance explains the run. */
function isInStep({ inStep = true, longestRunSec }: Result, { durationSec }: Hit): boolean {
  return inStep && longestRunSec > durationSec + 0.5;
}

/** The time of a hit in the track: the window's start; for the same recording, the time of the same note as in the query,
 *  because the library's windows seldom start where the query's do. */
export function momentInTrack(answer: Answer, result: Result, hit: Hit): number {
  const { verdict, query } = answer;
  if (verdict.kind !== 'this-is' || !isSameTrack(answer, result)) return hit.trackStartSec;
  const sameNoteSec = (hit.queryStartSec - query.fromSec) * (verdict.speed ?? 1) + verdict.offsetSec;
  const inStep = Math.abs(sameNoteSec - hit.trackStartSec) <= hit.durationSec;
  return inStep ? Math.max(sameNoteSec, 0) : hit.trackStartSec;
}

export function isSameTrack({ verdict }: Answer, { track }: Result): boolean {
  return verdict.kind === 'this-is' && verdict.trackId === track.id;
}
