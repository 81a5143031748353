/** A query with several library tracks: each is ranked by itself, and the rankings are combined (ranking/combine.ts).
 *
 *  The plus tracks follow each other on one time line, so that the evidence of an answer, which counts seconds of the query,
 *  names a moment of one of them. Nothing is decoded: the library's stored vectors are the query.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Chunk, RankedTrack, Verdict } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { trackName } from '../format.ts';
import { calibrationOf } from '../ranking/calibration.ts';
import { type CombinedTrack, combineRankings, joinGroups } from '../ranking/combine.ts';
import { closenessIn, withMatches } from '../ranking/spread.ts';
import { decideVerdict } from '../ranking/verdict.ts';
import type { Answer, PlusTrack } from './answer.ts';
import { DuplicateFinder } from './duplicates.ts';
import { stopwatch, withMarks } from './find-similar.ts';
import { type LibraryRecording, libraryRecording } from './library-recording.ts';
import type { QueryRequest } from './query-request.ts';
import { type Ranking, type RankParts, rankPieces } from './rank-pieces.ts';
import { resultsOf } from './results.ts';

/** Of each sign: a query with twenty tracks of five minutes searches as much as one with a recording of an hour and a half. */
export const queryTracksMax = 10;

/** Ids of library tracks. */
export interface QueryTracks {
  /** 1 to `queryTracksMax`: the results resemble these. */
  readonly plus: readonly number[];
  /** Up to `queryTracksMax`: what resembles these is lowered. */
  readonly minus: readonly number[];
}

export interface TracksRequest
  extends Omit<QueryRequest, 'path' | 'contentSha256' | 'name' | 'fromSec' | 'toSec' | 'excludedTracks'> {
  readonly tracks: QueryTracks;
}

export interface FindByTracksParts extends RankParts {
  readonly spaceId: string;
}

/** @returns the tracks, each once, in the given order
 *  @throws {LeitmotifError} 'bad-request' without a plus track, with too many, or with one on both sides */
export function checkedTracks({ plus, minus }: QueryTracks): QueryTracks {
  const tracks = { plus: [...new Set(plus)], minus: [...new Set(minus)] };
  if (tracks.plus.length === 0) throw refused('expected at least one plus track', 'no-plus');
  if (tracks.plus.length > queryTracksMax || tracks.minus.length > queryTracksMax)
    throw refused(`expected at most ${queryTracksMax} plus and ${queryTracksMax} minus tracks`, 'too-many-tracks');
  if (tracks.plus.some((id) => tracks.minus.includes(id))) throw refused('a track is plus and minus', 'both-signs');
  return tracks;
}

function refused(why: string, problem: string): LeitmotifError {
  return new LeitmotifError('bad-request', `Cannot query with these tracks: ${why}`, { facts: { problem } });
}

/** "A + B - C" */
export function tracksName(plus: readonly string[], minus: readonly string[]): string {
  return [plus.join(' + '), ...minus].join(' \u2212 ');
}

/** Names the query in the answer cache; equal for equal tracks in the same order with the same content. */
export function tracksContent(plus: readonly LibraryRecording[], minus: readonly LibraryRecording[]): string {
  const text = (side: readonly LibraryRecording[]) => side.map(({ track, contentSha256 }) => [track.id, contentSha256]);
  return createHash('sha256')
    .update(JSON.stringify({ plus: text(plus), minus: text(minus) }))
    .digest('hex');
}

/** @throws {LeitmotifError} 'track-unknown', and as the index and the catalog */
export async function findByTracks(parts: FindByTracksParts, request: TracksRequest): Promise<Answer> {
  const clock = stopwatch();
  const { catalog, spaceId } = parts;
  const { tracks } = request;
  const load = (id: number): LibraryRecording => {
    const found = libraryRecording(catalog, spaceId, id);
    return { ...found, recording: withMarks(found.recording, catalog) };
  };
  const [plus, minus] = [tracks.plus.map(load), tracks.minus.map(load)];
  const line = timeLine(plus);
  const excludedTracks = new Set([...tracks.plus, ...tracks.minus]);
  const own = { ...request, path: '', excludedTracks };
  const searchStartMs = clock();
  const liked = await rankAll(parts, line.chunks, own);
  const disliked = await rankAll(
    parts,
    minus.map(({ recording }) => recording.chunks),
    own,
  );
  const all = [...liked, ...disliked];
  const searchMs = all.reduce((sum, ranking) => sum + ranking.searchMs, 0);
  const groups = all.flatMap(({ alsoAs }) => [...alsoAs].map(([id, others]) => [id, ...others]));
  const combined = combineRankings({
    plus: liked.map(({ ranked }) => ranked),
    minus: disliked.map(({ ranked }) => ranked),
    recordingOf: joinGroups(groups),
  });
  const matched = matcher(combined, liked);
  const results = await resultsOf(
    combined.map(({ ranked }) => ranked),
    {
      duplicates: new DuplicateFinder(catalog),
      alsoAs: duplicatesIn(combined, groups),
      catalog,
      request: own,
      withMatches: matched,
    },
  );
  const end = clock();
  const names = (side: readonly LibraryRecording[]) => side.map(({ track }) => trackName(track));
  return {
    query: {
      name: tracksName(names(plus), names(minus)),
      durationSec: line.durationSec,
      fromSec: 0,
      toSec: line.durationSec,
      chunks: line.chunks.flat().map(({ vector: _, ...chunk }) => chunk),
      tracks: {
        plus: line.plus,
        minus: minus.map(({ track }) => ({ trackId: track.id, name: trackName(track) })),
      },
    },
    spaceId,
    generation: all[0]?.found.generation ?? '',
    fusion: request.fusion,
    verdict: await verdictOn(spaceId, liked, combined, matched),
    results,
    timingsMs: { decode: 0, embed: 0, search: searchMs, fuse: end - searchStartMs - searchMs, clips: 0, total: end },
  };
}

/** Puts the plus tracks one after the other: each keeps its chunks, numbered and timed on the common line. */
function timeLine(plus: readonly LibraryRecording[]) {
  let startSec = 0;
  let first = 0;
  const tracks: PlusTrack[] = [];
  const chunks: Chunk[][] = [];
  for (const { track, recording } of plus) {
    const [fromSec, offset] = [startSec, first];
    chunks.push(
      recording.chunks.map((chunk) => ({
        ...chunk,
        index: chunk.index + offset,
        startSec: chunk.startSec + fromSec,
        endSec: chunk.endSec + fromSec,
      })),
    );
    const durationSec = Math.max(recording.durationSec, recording.chunks.at(-1)?.endSec ?? 0);
    tracks.push({ trackId: track.id, name: trackName(track), startSec: fromSec, durationSec });
    startSec += durationSec;
    first += recording.chunks.length;
  }
  return { plus: tracks, chunks, durationSec: startSec };
}

/** One ranking for each query track, in order; one without music finds nothing. */
async function rankAll(
  parts: FindByTracksParts,
  perTrack: readonly (readonly Chunk[])[],
  request: QueryRequest,
): Promise<Ranking[]> {
  const rankings: Ranking[] = [];
  for (const chunks of perTrack) {
    // The event loop runs between two rankings.
    await setImmediate();
    const searched = chunks.filter(({ kind }) => kind === 'music' || request.includeNonMusic);
    rankings.push(await rankPieces(parts, searched, request));
  }
  return rankings;
}

/** Id of a combined track -> its duplicates under other ids. */
function duplicatesIn(
  combined: readonly CombinedTrack[],
  groups: readonly (readonly number[])[],
): Map<number, readonly number[]> {
  const inGroup = new Map(groups.flatMap((group) => group.map((id) => [id, group] as const)));
  return new Map(
    combined.flatMap(({ ranked: { trackId }, ids }) => {
      const others = new Set(ids.flatMap((id) => [id, ...(inGroup.get(id) ?? [])]));
      others.delete(trackId);
      return others.size === 0 ? [] : [[trackId, [...others]] as const];
    }),
  );
}

/** The match to several tracks is the mean of the matches to each: full only for what is as near to all of them. */
function matcher(combined: readonly CombinedTrack[], liked: readonly Ranking[]) {
  const idsOf = new Map(combined.map(({ ranked, ids }) => [ranked.trackId, ids]));
  return (shown: readonly RankedTrack[]): readonly RankedTrack[] => {
    if (liked.some(({ found }) => found.spread === null)) return shown;
    // Under any of its ids: of duplicates, each ranking kept one.
    const idsOfShown = shown.map(({ trackId }) => idsOf.get(trackId) ?? [trackId]);
    const asked = shown.flatMap((track, at) => (idsOfShown[at] ?? []).map((trackId) => ({ ...track, trackId })));
    const perRanking = liked.map(({ found, neighbourhood }) => {
      const measured = found.spread ? withMatches(asked, neighbourhood, found.spread) : asked;
      return new Map(measured.map((track) => [track.trackId, track]));
    });
    return shown.map((track, at) => {
      const best = perRanking.map((measured) =>
        (idsOfShown[at] ?? [])
          .flatMap((id) => measured.get(id) ?? [])
          .reduce((one, other) => ((other.match ?? 0) > (one.match ?? 0) ? other : one)),
      );
      const hits = best[0]?.hits.map((hit) => ({ ...hit, trackId: track.trackId })) ?? track.hits;
      return { ...track, hits, ...meanMatch(best) };
    });
  };
}

function meanMatch(best: readonly RankedTrack[]): Pick<RankedTrack, 'match' | 'matchOfParts'> {
  const mean = (of: (track: RankedTrack) => number): number =>
    best.reduce((sum, each) => sum + of(each), 0) / best.length;
  const match = mean((track) => track.match ?? 0);
  if (best.some(({ matchOfParts }) => matchOfParts === undefined)) return { match };
  const ofPart = (part: 'sound' | 'harmony') => mean(({ matchOfParts }) => matchOfParts?.[part] ?? 0);
  return { match, matchOfParts: { sound: ofPart('sound'), harmony: ofPart('harmony') } };
}

/** The query tracks and their duplicates are excluded, so no recording can be proved to be one of them. */
async function verdictOn(
  spaceId: string,
  liked: readonly Ranking[],
  combined: readonly CombinedTrack[],
  matched: (shown: readonly RankedTrack[]) => readonly RankedTrack[],
): Promise<Verdict> {
  const [first] = matched(combined.slice(0, 1).map(({ ranked }) => ranked));
  const closeness = liked.flatMap(({ found, neighbourhood }) =>
    found.spread ? closenessIn(neighbourhood, found.spread) : [],
  );
  const isMeasured = first?.match !== undefined && closeness.length > 0;
  return decideVerdict({
    ranked: first ? [first] : [],
    queryFingerprint: { items: new Uint32Array(), itemSec: 1 },
    fingerprints: new Map(),
    calibration: calibrationOf(spaceId),
    nearestMatch: isMeasured
      ? { closeness: closeness.reduce((sum, each) => sum + each, 0) / closeness.length, match: first.match ?? 0 }
      : null,
  });
}
