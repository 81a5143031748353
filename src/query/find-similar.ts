/** The query pipeline: neighbours of every music chunk -> fuse -> verdict -> merge duplicates -> answer.
 *
 *  Clips and picture are made from the answer afterwards (clips.ts, picture.ts).
 */
import type { Catalog } from '../catalog/catalog.ts';
import { isInRegion } from '../catalog/marked-regions.ts';
import type { Chunk, EmbeddedRecording, Fingerprint, RankedTrack, Verdict } from '../domain.ts';
import { fileStem } from '../format.ts';
import { calibrationOf } from '../ranking/calibration.ts';
import type { ReadSpeedFingerprints } from '../ranking/changed-proof.ts';
import { closenessIn, withMatches } from '../ranking/spread.ts';
import { decideVerdict, type NearestMatch, recordingCandidates } from '../ranking/verdict.ts';
import type { Answer, Timings } from './answer.ts';
import type { QueryRequest } from './query-request.ts';
import { type Ranking, type RankParts, rankPieces } from './rank-pieces.ts';
import { resultsOf } from './results.ts';
import { verdictByBytes } from './same-bytes.ts';

/** The embedded query, with the worker's timings. */
export interface EmbeddedQuery extends EmbeddedRecording {
  readonly timingsMs: Pick<Timings, 'decode' | 'embed'>;
}

export interface FindSimilarParts extends RankParts {
  /** Fingerprints the query at other speeds; undefined if its audio is missing. */
  readonly speedFingerprints?: ReadSpeedFingerprints;
}

/** @param embedded the query
 *  @param clock milliseconds since the query started, embedding included
 *  @throws {LeitmotifError} errors of the index and the catalog */
export async function findSimilar(
  embedded: EmbeddedQuery,
  parts: FindSimilarParts,
  request: QueryRequest,
  clock: () => number = stopwatch(),
): Promise<Answer> {
  const recording = withMarks(embedded, parts.catalog);
  const compared = recording.chunks.filter((chunk) => chunk.kind === 'music' || request.includeNonMusic);
  // The gate can be wrong about a bad copy, such as one from a telephone. If nothing is left to compare, all chunks that are
  // not silent are searched, but only for a recording that is proved by its fingerprint.
  const searched = compared.length > 0 ? compared : recording.chunks.filter(({ kind }) => kind !== 'silence');
  const searchStartMs = clock();
  const ranking = await rankPieces(parts, searched, request);
  const { found, nearest, ranked, searchMs } = ranking;
  const byFingerprint = await verdictOn(ranking, recording, parts);
  const isProved = byFingerprint.kind === 'this-is';
  const verdict = (isProved ? null : await verdictByBytes(nearest, request, parts.catalog)) ?? byFingerprint;
  const shown = compared.length > 0 ? ranked : [];
  const results = await resultsOf(putProvedFirst(verdict, shown, nearest), {
    ...{ duplicates: ranking.duplicates, alsoAs: ranking.alsoAs, catalog: parts.catalog, request },
    withMatches: (tracks) => (found.spread ? withMatches(tracks, ranking.neighbourhood, found.spread) : tracks),
  });
  const end = clock();
  const { decode, embed } = recording.timingsMs;
  return {
    query: describeQuery(recording, request),
    spaceId: recording.spaceId,
    generation: found.generation,
    fusion: request.fusion,
    verdict: compared.length === 0 && verdict.kind !== 'this-is' ? { kind: 'nothing-close' } : verdict,
    results,
    timingsMs: { decode, embed, search: searchMs, fuse: end - searchStartMs - searchMs, clips: 0, total: end },
  };
}

/** Query chunks in a region that an admin marked as non-music count as noise, so that they are neither searched nor found. */
export function withMarks<R extends Pick<EmbeddedRecording, 'spaceId' | 'chunks'>>(embedded: R, catalog: Catalog): R {
  const marked = catalog.marks.regions(embedded.spaceId);
  if (marked.length === 0) return embedded;
  const isMarked = ({ kind, vector }: Chunk) => kind === 'music' && marked.some((region) => isInRegion(region, vector));
  return {
    ...embedded,
    chunks: embedded.chunks.map((chunk) => (isMarked(chunk) ? { ...chunk, kind: 'noise' } : chunk)),
  };
}

async function verdictOn(
  ranking: Ranking,
  recording: EmbeddedRecording,
  { catalog, speedFingerprints }: FindSimilarParts,
): Promise<Verdict> {
  const { nearest } = ranking;
  const fingerprints = new Map<number, Fingerprint>();
  for (const trackId of recordingCandidates(nearest)) {
    const fingerprint = catalog.evidence.fingerprintOf(trackId);
    if (fingerprint) fingerprints.set(trackId, fingerprint);
  }
  const calibration = calibrationOf(recording.spaceId);
  const queryFingerprint = recording.fingerprint;
  const nearestMatch = nearestMatchOf(ranking);
  return decideVerdict({
    ranked: nearest,
    queryFingerprint,
    fingerprints,
    calibration,
    nearestMatch,
    speedFingerprints,
  });
}

function nearestMatchOf({ ranked, neighbourhood, found }: Ranking): NearestMatch | null {
  const [first] = found.spread ? withMatches(ranked.slice(0, 1), neighbourhood, found.spread) : [];
  if (!found.spread || !first) return null;
  return { closeness: closenessIn(neighbourhood, found.spread), match: first.match ?? 0 };
}

/** Moves a proved recording to the first place, regardless of distances. */
function putProvedFirst(
  verdict: Verdict,
  ranked: readonly RankedTrack[],
  nearest: readonly RankedTrack[],
): RankedTrack[] {
  if (verdict.kind !== 'this-is') return [...ranked];
  const isProved = ({ trackId }: RankedTrack) => trackId === verdict.trackId;
  const own = ranked.find(isProved) ?? nearest.find(isProved);
  return [...(own ? [own] : []), ...ranked.filter((track) => !isProved(track))];
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

/** Returns a clock that gives the milliseconds since this call. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}
