/** The way of a query, on one screen: embed -> neighbours of every music chunk -> fuse -> verdict -> copies -> answer.
 *
 *  Clips and picture are made from the answer afterwards (clips.ts, picture.ts).
 */
import type { Catalog } from '../catalog/catalog.ts';
import { isInRegion } from '../catalog/marked-regions.ts';
import type { Chunk, EmbeddedRecording, Fingerprint, FusionName, RankedTrack, Track, Verdict } from '../domain.ts';
import { fileStem } from '../format.ts';
import type { IndexHost } from '../index/index-host.ts';
import { calibrationOf } from '../ranking/calibration.ts';
import { decideVerdict, recordingCandidates } from '../ranking/verdict.ts';
import type { Answer, Result, Timings } from './answer.ts';
import { mergeCopies } from './copies.ts';
import type { QueryRequest } from './query-request.ts';
import { type Ranking, rankPieces, withTracks } from './rank-pieces.ts';
import { verdictByBytes } from './same-bytes.ts';

/** What the worker made of the query, and what that took. */
export interface HeardQuery extends EmbeddedRecording {
  readonly timingsMs: Pick<Timings, 'decode' | 'embed'>;
}

export interface FindSimilarParts {
  readonly index: IndexHost;
  readonly catalog: Catalog;
}

/** @param heard the embedded query
 *  @param clock milliseconds since the query began, embedding included
 *  @throws {LeitmotifError} as the index and the catalog */
export async function findSimilar(
  heard: HeardQuery,
  parts: FindSimilarParts,
  request: QueryRequest,
  clock: () => number = stopwatch(),
): Promise<Answer> {
  const recording = withMarks(heard, parts.catalog);
  const asking = recording.chunks.filter((chunk) => chunk.kind === 'music' || request.includeNonMusic);
  const searched = clock();
  const ranking = await rankPieces(parts, asking, request);
  const { found, nearest, ranked, searchMs } = ranking;
  const byFingerprint = await verdictOn(nearest, recording, parts.catalog);
  const isProved = byFingerprint.kind === 'this-is';
  const verdict = (isProved ? null : await verdictByBytes(nearest, request, parts.catalog)) ?? byFingerprint;
  const results = await resultsOf(leadingWith(verdict, ranked, nearest), ranking, parts.catalog, request);
  const end = clock();
  const { decode, embed } = recording.timingsMs;
  return {
    query: describeQuery(recording, request),
    spaceId: recording.spaceId,
    generation: found.generation,
    fusion: request.fusion,
    verdict,
    results,
    timingsMs: { decode, embed, search: searchMs, fuse: end - searched - searchMs, clips: 0, total: end },
  };
}

/** What sounds like something that an admin has marked as not music is noise here too: it does not ask, as it is not
 *  asked for. */
function withMarks(heard: HeardQuery, catalog: Catalog): HeardQuery {
  const marked = catalog.marks.regions(heard.spaceId);
  if (marked.length === 0) return heard;
  const isMarked = ({ kind, vector }: Chunk) => kind === 'music' && marked.some((region) => isInRegion(region, vector));
  return { ...heard, chunks: heard.chunks.map((chunk) => (isMarked(chunk) ? { ...chunk, kind: 'noise' } : chunk)) };
}

async function verdictOn(
  ranked: readonly RankedTrack[],
  recording: EmbeddedRecording,
  catalog: Catalog,
): Promise<Verdict> {
  const fingerprints = new Map<number, Fingerprint>();
  for (const trackId of recordingCandidates(ranked)) {
    const fingerprint = catalog.evidence.fingerprintOf(trackId);
    if (fingerprint) fingerprints.set(trackId, fingerprint);
  }
  const calibration = calibrationOf(recording.spaceId);
  return decideVerdict({ ranked, queryFingerprint: recording.fingerprint, fingerprints, calibration });
}

/** What is proved to be the very recording comes first, whatever the distances say. */
function leadingWith(verdict: Verdict, ranked: readonly RankedTrack[], nearest: readonly RankedTrack[]): RankedTrack[] {
  if (verdict.kind !== 'this-is') return [...ranked];
  const isIt = ({ trackId }: RankedTrack) => trackId === verdict.trackId;
  const own = ranked.find(isIt) ?? nearest.find(isIt);
  return [...(own ? [own] : []), ...ranked.filter((track) => !isIt(track))];
}

/** Copies of one recording are one result, so they take no place from others, nor count against their artist. */
async function resultsOf(
  ranked: readonly RankedTrack[],
  { alsoAs, copies }: Pick<Ranking, 'alsoAs' | 'copies'>,
  catalog: Catalog,
  { resultsMax, leaveOut, perArtistMax = Number.POSITIVE_INFINITY }: QueryRequest,
): Promise<Result[]> {
  const ofArtist = new Map<string, number>();
  const mayShow = ({ artist }: Track) => mayStillShow(artist, ofArtist, perArtistMax);
  const merged = await mergeCopies(withTracks(ranked, catalog), copies, { max: resultsMax, mayShow });
  return merged.map(({ track, evidence: { trackId: _, ...evidence }, alsoAs: others }, position) => {
    const names = namesOf(track, [...(alsoAs.get(track.id) ?? []), ...others.map(({ id }) => id)], catalog);
    const shown = names.filter(({ id }) => !leaveOut?.has(id));
    return { rank: position + 1, ...evidence, track, ...(shown.length > 0 ? { alsoAs: shown } : {}) };
  });
}

/** The recording's other names: those that were found, best ranked first, then those that hold the same bytes as one of
 *  them but were not among the neighbours. */
function namesOf(track: Track, found: readonly number[], catalog: Catalog): Track[] {
  const ids = new Set([...found, ...catalog.tracks.withContentOf([track.id, ...found])]);
  ids.delete(track.id);
  const tracks = catalog.tracks.byIds(ids);
  return [...ids].flatMap((id) => tracks.get(id) ?? []);
}

/** Counts the artist's pieces. Who is not named is nobody's neighbour: such pieces are never too many. */
function mayStillShow(artist: string | null, ofArtist: Map<string, number>, max: number): boolean {
  if (artist === null) return true;
  const name = artist.trim().toLowerCase();
  const count = (ofArtist.get(name) ?? 0) + 1;
  ofArtist.set(name, count);
  return count <= max;
}

function describeQuery(recording: EmbeddedRecording, request: QueryRequest): Answer['query'] {
  const { path, name, fromSec, toSec } = request;
  return {
    name: recording.tags.title ?? name ?? fileStem(path),
    durationSec: recording.durationSec,
    fromSec: fromSec ?? 0,
    toSec: Math.min(toSec ?? Number.POSITIVE_INFINITY, recording.chunks.at(-1)?.endSec ?? recording.durationSec),
    ...(recording.audioStream ? { audioStream: recording.audioStream } : {}),
    chunks: recording.chunks.map(({ vector: _, ...chunk }) => chunk),
  };
}

/** Milliseconds since it was made. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}
