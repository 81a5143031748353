/** The way of a query, on one screen: embed -> neighbours of every music chunk -> fuse -> verdict -> copies -> answer.
 *
 *  Clips and picture are made from the answer afterwards (clips.ts, picture.ts).
 */
import type { Catalog } from '../catalog/catalog.ts';
import { isInRegion } from '../catalog/marked-regions.ts';
import type { Chunk, EmbeddedRecording, Fingerprint, Hit, RankedTrack, Track, Verdict } from '../domain.ts';
import { fileStem } from '../format.ts';
import { calibrationOf } from '../search/calibration.ts';
import { fuse } from '../search/fusion.ts';
import { correctsHubs, type FusionName } from '../search/fusion-scores.ts';
import type { FoundChunk } from '../search/generation.ts';
import { leastHubs, lessHubness, poolFactor } from '../search/hubs.ts';
import type { IndexHost } from '../search/index-host.ts';
import { decideVerdict, recordingCandidates } from '../search/verdict.ts';
import type { Answer, Result, Timings } from './answer.ts';
import { Copies, copiesOf, type Found, mergeCopies } from './copies.ts';
import { type LiveNeighbours, liveNeighbours } from './live-neighbours.ts';

export interface QueryRequest {
  /** A file on this machine. */
  readonly path: string;
  /** What to call it where it bears no title; otherwise its file's name. */
  readonly name?: string;
  /** The part to ask with, in seconds of the recording. */
  readonly fromSec?: number;
  readonly toSec?: number;
  /** Neighbours asked for each chunk of the query. */
  readonly neighbours: number;
  readonly fusion: FusionName;
  readonly resultsMax: number;
  /** Lets silence, applause and noise of the query ask too. */
  readonly includeNonMusic: boolean;
  /** Lowers what is near to everything, where the generation knows its hubs and the fusion allows it. Unset: no. */
  readonly hubCorrection?: boolean;
  /** Pieces of one artist at most, so that an answer is not one album; unset: any number. */
  readonly perArtistMax?: number;
  /** Tracks that are not to be found, nor are their copies: the piece that is asked with. */
  readonly leaveOut?: ReadonlySet<number>;
  readonly signal: AbortSignal;
}

/** What the worker made of the query, and what that took. */
export interface HeardQuery extends EmbeddedRecording {
  readonly timingsMs: Pick<Timings, 'decode' | 'embed'>;
}

export interface FindSimilarParts {
  readonly hear: (request: QueryRequest) => Promise<HeardQuery>;
  readonly index: IndexHost;
  readonly catalog: Catalog;
}

/** @throws {LeitmotifError} whatever the audio, the worker, the index or the catalog cannot do */
export async function findSimilar(parts: FindSimilarParts, request: QueryRequest): Promise<Answer> {
  const clock = stopwatch();
  const recording = withMarks(await parts.hear(request), parts.catalog);
  const asking = recording.chunks.filter((chunk) => chunk.kind === 'music' || request.includeNonMusic);
  const searched = clock();
  const { found, nearest, ranked, searchMs } = await rankedWithoutCopies(parts, asking, request);
  const verdict = await verdictOn(nearest, recording, parts.catalog);
  const results = await resultsOf(leadingWith(verdict, ranked, nearest), parts.catalog, request);
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

interface Ranking {
  readonly found: LiveNeighbours;
  /** By the distances as they are. The verdict is told from these: what proves a recording, and how near "close" is, have
   *  nothing to do with hubs. */
  readonly nearest: readonly RankedTrack[];
  /** With hubs corrected, where that is wanted and the generation knows them. */
  readonly ranked: readonly RankedTrack[];
  /** Of the index, all rounds together. */
  readonly searchMs: number;
}

/** Past this many rounds copies are shown: each round leaves out all that the last one found. */
const roundsMax = 3;

/** Who asks with a piece of the library and does not want it back does not want it under another name either: a copy would come
 *  first, and tell nothing. Copies are known once they are found, so then is asked again without them. */
async function rankedWithoutCopies(
  parts: FindSimilarParts,
  asking: readonly Chunk[],
  request: QueryRequest,
): Promise<Ranking> {
  const leaveOut = new Set(request.leaveOut);
  let searchMs = 0;
  for (let round = 1; ; round++) {
    const clock = stopwatch();
    const found = await liveNeighbours(parts, asking, { ...request, neighbours: poolOf(request), leaveOut });
    searchMs += clock();
    const rankings = rankBoth(found, asking, request);
    if (leaveOut.size === 0 || round === roundsMax) return { found, ...rankings, searchMs };
    const both = [...rankings.ranked, ...rankings.nearest];
    const copies = await copiesAmong(both, request.leaveOut ?? new Set(), parts.catalog);
    if (copies.length === 0) return { found, ...rankings, searchMs };
    for (const trackId of copies) leaveOut.add(trackId);
  }
}

function isCorrecting({ hubCorrection = false, fusion }: QueryRequest): boolean {
  return hubCorrection && correctsHubs(fusion);
}

/** What correction chooses from, or just what is wanted. */
function poolOf(request: QueryRequest): number {
  return request.neighbours * (isCorrecting(request) ? poolFactor : 1);
}

/** The same neighbours ranked as they are, and with hubs corrected: those that are nearest then, by scores from corrected
 *  similarities. What is shown of a hit, its distance, stays what it is. */
function rankBoth(
  { perChunk, library }: LiveNeighbours,
  asking: readonly Chunk[],
  request: QueryRequest,
): Pick<Ranking, 'nearest' | 'ranked'> {
  const { fusion, neighbours } = request;
  const input = { queryChunks: asking, library };
  const hits = hitsOf(
    asking,
    perChunk.map((found) => found.slice(0, neighbours)),
  ).map(({ hit }) => hit);
  const nearest = fuse(fusion, { ...input, hits });
  if (!isCorrecting(request) || !perChunk.every((found) => found.every(isMeasured)))
    return { nearest, ranked: nearest };
  const chosen = hitsOf(
    asking,
    perChunk.map((found) => leastHubs(found.filter(isMeasured), neighbours)),
  );
  const hubness = new Map(chosen.map(({ hit, found }) => [hit, found.hubness]));
  const worthOf = (hit: Hit): number => lessHubness(hit.similarity, hubness.get(hit) ?? 0);
  return { nearest, ranked: fuse(fusion, { ...input, hits: [...hubness.keys()], worthOf }) };
}

function isMeasured(found: FoundChunk): found is FoundChunk & { readonly hubness: number } {
  return found.hubness !== undefined;
}

async function copiesAmong(
  ranked: readonly RankedTrack[],
  leftOut: ReadonlySet<number>,
  catalog: Catalog,
): Promise<number[]> {
  const ids = ranked.map(({ trackId }) => trackId);
  const known = [...catalog.tracks.byIds(leftOut).values()];
  return copiesOf(known, withTracks(ranked, catalog), new Copies(catalog, [...leftOut, ...ids]));
}

function withTracks(ranked: readonly RankedTrack[], catalog: Catalog): Found[] {
  const tracks = catalog.tracks.byIds(ranked.map(({ trackId }) => trackId));
  return ranked.flatMap((evidence) => {
    const track = tracks.get(evidence.trackId);
    return track ? [{ track, evidence }] : [];
  });
}

/** Every neighbour of every asking chunk as evidence with both times. Similarities a rounding error past 1 are 1. */
function hitsOf<T extends FoundChunk>(
  asking: readonly Chunk[],
  perChunk: readonly (readonly T[])[],
): { readonly hit: Hit; readonly found: T }[] {
  return asking.flatMap((chunk, position) =>
    (perChunk[position] ?? []).map((found) => {
      const similarity = Math.min(Math.max(found.similarity, -1), 1);
      const hit = {
        queryChunk: chunk.index,
        queryStartSec: chunk.startSec,
        trackId: found.chunk.trackId,
        trackStartSec: found.chunk.startSec,
        durationSec: Math.min(chunk.endSec - chunk.startSec, found.chunk.endSec - found.chunk.startSec),
        similarity,
        distance: 1 - similarity,
      };
      return { hit, found };
    }),
  );
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
  catalog: Catalog,
  { resultsMax, perArtistMax = Number.POSITIVE_INFINITY }: QueryRequest,
): Promise<Result[]> {
  const ofArtist = new Map<string, number>();
  const mayShow = ({ artist }: Track) => mayStillShow(artist, ofArtist, perArtistMax);
  const copies = new Copies(
    catalog,
    ranked.map(({ trackId }) => trackId),
  );
  const merged = await mergeCopies(withTracks(ranked, catalog), copies, { max: resultsMax, mayShow });
  return merged.map(({ track, evidence: { trackId: _, ...evidence }, alsoAs }, position) => ({
    rank: position + 1,
    ...evidence,
    track,
    ...(alsoAs.length > 0 ? { alsoAs } : {}),
  }));
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
function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}
