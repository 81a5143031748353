/** From the API's answer to the facts that the bot's sentences take, by the bot's own rules. Pure. */

import type { DistanceWord } from '../../src/format.ts';
import { type Answer as FullAnswer, type Result as FullResult, plusTrackAt } from '../../src/query/answer.ts';
import {
  closenessWord,
  isSameTrack,
  likenessOf,
  matchNumber,
  momentInTrack,
  shownAnswer,
  type VerdictFacts,
  verdictFacts,
} from '../../src/query/answer-facts.ts';
import type { Answer, Result } from './api/types.ts';

/** Not one of the answer's tracks. */
const unknownTrack = 0;

export interface Moment {
  readonly yoursSec: number;
  readonly theirsSec: number;
  readonly durationSec: number;
  /** Of a query with several tracks: the one that is heard as yours, and where in it. */
  readonly yoursTrack: { readonly trackId: number; readonly name: string; readonly atSec: number } | null;
}

export interface ResultFacts {
  readonly isSame: boolean;
  /** 0 to 100; null if the space was not calibrated. */
  readonly match: number | null;
  readonly closeness: DistanceWord;
  readonly likeness: 'sound' | 'harmony' | 'both' | null;
  /** Nearest first. */
  readonly moments: readonly Moment[];
}

/** @returns null if the query holds no music: the API does not say what it holds instead */
export function verdictOf(answer: Answer): VerdictFacts | null {
  const facts = verdictFacts(fullAnswer(answer));
  return facts.kind === 'no-music' ? null : facts;
}

export function factsOf(answer: Answer, result: Result): ResultFacts {
  const [full, own] = [fullAnswer(answer), fullResult(result)];
  return {
    isSame: isSameTrack(full, own),
    match: matchNumber(own, full),
    closeness: closenessWord(own, full),
    likeness: likenessOf(own),
    moments: own.hits.map((hit) => ({
      yoursSec: hit.queryStartSec,
      theirsSec: momentInTrack(full, own, hit),
      durationSec: hit.durationSec,
      yoursTrack: yoursTrackAt(answer, hit.queryStartSec),
    })),
  };
}

function yoursTrackAt({ query }: Answer, yoursSec: number): Moment['yoursTrack'] {
  const found = query.tracks ? plusTrackAt({ tracks: query.tracks }, yoursSec) : null;
  return found && { trackId: found.track.trackId, name: found.track.name, atSec: found.atSec };
}

/** The results that the bot shows, best first, and the others, which are not near. */
export function byNearness(answer: Answer): { readonly near: readonly Result[]; readonly others: readonly Result[] } {
  const shown = new Set(shownAnswer(fullAnswer(answer)).results.map(({ track }) => track.id));
  const { near = [], others = [] } = Object.groupBy(answer.results, ({ trackId }) =>
    shown.has(trackId) ? 'near' : 'others',
  );
  return { near, others };
}

/** With what the rules read; the API leaves out the chunks, of which they need the number that is music. */
function fullAnswer(answer: Answer): FullAnswer {
  const { query, verdict } = answer;
  const trackId = answer.results.find(({ key }) => key === verdict.key)?.trackId ?? unknownTrack;
  const chunks = Array.from({ length: query.chunks }, (_, index) => ({
    kind: index < query.musicChunks ? 'music' : 'noise',
  }));
  return {
    ...answer,
    query: { ...query, chunks },
    verdict: { ...verdict, trackId },
    results: answer.results.map(fullResult),
  } as unknown as FullAnswer;
}

function fullResult(result: Result): FullResult {
  const { trackId, key, title, artist, match, matches, matchOfParts } = result;
  return {
    ...result,
    track: { id: trackId, key, title, artist },
    match: match ?? undefined,
    matchOfParts: matchOfParts ?? undefined,
    hits: matches,
  } as unknown as FullResult;
}
