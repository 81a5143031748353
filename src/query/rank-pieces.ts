/** Library chunks near a query, as ranked pieces: each recording counts once, however many copies of it the library holds.
 *
 *  Copies are known only once they are found. Without copies the first search is all there is. With copies, they take
 *  the places of other pieces among the neighbours, so the search asks for more neighbours and keeps of each recording
 *  only its best ranked track; the scores are then those of a library without the copies.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk, Hit, RankedTrack } from '../domain.ts';
import type { FoundChunk } from '../index/generation.ts';
import type { IndexHost } from '../index/index-host.ts';
import { fuse } from '../ranking/fusion.ts';
import { correctsHubs } from '../ranking/fusion-scores.ts';
import { leastHubs, lessHubness, poolFactor } from '../ranking/hubs.ts';
import { Copies, copiesOf, type Found, mergeCopies } from './copies.ts';
import { type LiveNeighbours, liveNeighbours } from './live-neighbours.ts';
import type { QueryRequest } from './query-request.ts';

export interface Ranking {
  readonly found: LiveNeighbours;
  /** By the distances as they are. The verdict is told from these: what proves a recording, and how near "close" is, have
   *  nothing to do with hubs. */
  readonly nearest: readonly RankedTrack[];
  /** With hubs corrected, where that is wanted and the generation knows them. */
  readonly ranked: readonly RankedTrack[];
  /** Tracks that are not in the rankings, because a track that is there is the same recording: its id -> theirs, best
   *  ranked first. */
  readonly alsoAs: ReadonlyMap<number, readonly number[]>;
  /** What is known of copies so far. */
  readonly copies: Copies;
  /** Of the index, all rounds together. */
  readonly searchMs: number;
}

interface RankParts {
  readonly index: IndexHost;
  readonly catalog: Catalog;
}

/** Each round asks for four times as many neighbours; after the last one, fewer pieces are accepted. */
const widenFactor = 4;
const roundsMax = 4;

/** @throws {LeitmotifError} as IndexHost.neighbours */
export async function rankPieces(parts: RankParts, asking: readonly Chunk[], request: QueryRequest): Promise<Ranking> {
  const copies = new Copies(parts.catalog);
  const search = searcher(parts, asking, request);
  const { leaveOut = new Set<number>() } = request;
  const found = await search(poolOf(request));
  const rankings = rankBoth(found, asking, request);
  const { ranked, nearest } = rankings;
  const seen = leaveOut.size === 0 ? ranked : [...ranked, ...nearest];
  const first = await groupCopies(seen, leaveOut, copies, parts.catalog, request);
  if (first.dropped.size === 0) {
    return { found, ...rankings, alsoAs: new Map(), copies, searchMs: search.tookMs() };
  }
  for (let round = 2, width = poolOf(request) * widenFactor; ; round++, width *= widenFactor) {
    const wide = await search(width);
    copies.beginRound();
    const all = rankByNearest(wide, asking);
    const { dropped, alsoAs } = await groupCopies(all, leaveOut, copies, parts.catalog, request);
    const pieces = all.filter(({ trackId }) => !dropped.has(trackId));
    const single = {
      ...wide,
      perChunk: wide.perChunk.map((own) => own.filter(({ chunk }) => !dropped.has(chunk.trackId))),
    };
    const isAll = width >= wide.library.chunks || round === roundsMax;
    const isComplete = single.perChunk.every((own) => own.length >= poolOf(request));
    if (!isAll && !(isComplete && pieces.length >= request.resultsMax)) continue;
    const ranking = rankBoth(single, asking, request);
    const beyond = piecesBeyond(ranking.ranked, pieces, request.resultsMax);
    return {
      found: wide,
      ...(beyond.size === 0 ? ranking : rankBoth(single, asking, request, beyond)),
      ...{ alsoAs, copies, searchMs: search.tookMs() },
    };
  }
}

/** @returns the search, and how long all its calls took */
function searcher(parts: RankParts, asking: readonly Chunk[], { leaveOut, signal }: QueryRequest) {
  // The same bytes under another name are the same piece: known without a search.
  const never = new Set([...(leaveOut ?? []), ...parts.catalog.tracks.withContentOf(leaveOut ?? [])]);
  let tookMs = 0;
  const search = async (neighbours: number): Promise<LiveNeighbours> => {
    const startedMs = performance.now();
    const found = await liveNeighbours(parts, asking, { neighbours, leaveOut: never, signal });
    tookMs += performance.now() - startedMs;
    return found;
  };
  return Object.assign(search, { tookMs: () => tookMs });
}

interface Grouped {
  /** Tracks that take no place: copies of a better ranked track, or of a track that is not to be found. */
  readonly dropped: ReadonlySet<number>;
  readonly alsoAs: ReadonlyMap<number, readonly number[]>;
}

/** @param ranked best first; a track may occur twice */
async function groupCopies(
  ranked: readonly RankedTrack[],
  leaveOut: ReadonlySet<number>,
  copies: Copies,
  catalog: Catalog,
  { resultsMax }: QueryRequest,
): Promise<Grouped> {
  const unique = [...new Map(ranked.map((track) => [track.trackId, track] as const).reverse()).values()].reverse();
  const found = withTracks(unique, catalog);
  const known = [...catalog.tracks.byIds(leaveOut).values()];
  const dropped = new Set(known.length === 0 ? [] : await copiesOf(known, found, copies));
  const rest = found.filter(({ track }) => !dropped.has(track.id));
  const merged = await mergeCopies(rest, copies, { max: resultsMax, mayShow: () => true });
  const alsoAs = new Map<number, number[]>();
  for (const { track, alsoAs: others } of merged) {
    if (others.length > 0)
      alsoAs.set(
        track.id,
        others.map(({ id }) => id),
      );
    for (const { id } of others) dropped.add(id);
  }
  return { dropped, alsoAs };
}

/** With the tracks that the catalog holds; the order is kept. */
export function withTracks(ranked: readonly RankedTrack[], catalog: Catalog): Found[] {
  const tracks = catalog.tracks.byIds(ranked.map(({ trackId }) => trackId));
  return ranked.flatMap((evidence) => {
    const track = tracks.get(evidence.trackId);
    return track ? [{ track, evidence }] : [];
  });
}

/** In a small library, more pieces than the neighbours reach: the next best, up to what is wanted. */
function piecesBeyond(ranked: readonly RankedTrack[], all: readonly RankedTrack[], max: number): Set<number> {
  const there = new Set(ranked.map(({ trackId }) => trackId));
  const next = all.filter(({ trackId }) => !there.has(trackId)).slice(0, Math.max(0, max - there.size));
  return new Set(next.map(({ trackId }) => trackId));
}

function isCorrecting({ hubCorrection = false, fusion }: QueryRequest): boolean {
  return hubCorrection && correctsHubs(fusion);
}

/** What correction chooses from, or just what is wanted. */
function poolOf(request: QueryRequest): number {
  return request.neighbours * (isCorrecting(request) ? poolFactor : 1);
}

/** All neighbours, by how near each track's best hits are: of copies, the nearest stands for all. */
function rankByNearest({ perChunk, library }: LiveNeighbours, asking: readonly Chunk[]): RankedTrack[] {
  return fuse('best-pair', { queryChunks: asking, library, hits: hitsOf(asking, perChunk).map(({ hit }) => hit) });
}

/** The same neighbours ranked as they are, and with hubs corrected: those that are nearest then, by scores from corrected
 *  similarities. What is shown of a hit, its distance, stays what it is.
 *  @param beyond tracks whose best hit with each query chunk counts too, although it is not among the neighbours */
function rankBoth(
  { perChunk, library }: LiveNeighbours,
  asking: readonly Chunk[],
  request: QueryRequest,
  beyond: ReadonlySet<number> = new Set(),
): Pick<Ranking, 'nearest' | 'ranked'> {
  const { fusion, neighbours } = request;
  const input = { queryChunks: asking, library };
  const hits = hitsOf(
    asking,
    perChunk.map((found) => [...found.slice(0, neighbours), ...bestOfEach(found, beyond)]),
  ).map(({ hit }) => hit);
  const nearest = fuse(fusion, { ...input, hits });
  const pools = perChunk.map((found) => found.slice(0, poolOf(request)));
  if (!isCorrecting(request) || !perChunk.every((found) => found.every(isMeasured)))
    return { nearest, ranked: nearest };
  const chosen = hitsOf(
    asking,
    pools.map((pool, position) => [
      ...leastHubs(pool.filter(isMeasured), neighbours),
      ...bestOfEach(perChunk[position] ?? [], beyond).filter(isMeasured),
    ]),
  );
  const hubness = new Map(chosen.map(({ hit, found }) => [hit, found.hubness]));
  const worthOf = (hit: Hit): number => lessHubness(hit.similarity, hubness.get(hit) ?? 0);
  return { nearest, ranked: fuse(fusion, { ...input, hits: [...hubness.keys()], worthOf }) };
}

/** The nearest of each of those tracks.
 *  @param found of one query chunk, best first */
function bestOfEach(found: readonly FoundChunk[], trackIds: ReadonlySet<number>): FoundChunk[] {
  const best = new Map<number, FoundChunk>();
  for (const each of trackIds.size === 0 ? [] : found) {
    const { trackId } = each.chunk;
    if (trackIds.has(trackId) && !best.has(trackId)) best.set(trackId, each);
  }
  return [...best.values()];
}

function isMeasured(found: FoundChunk): found is FoundChunk & { readonly hubness: number } {
  return found.hubness !== undefined;
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
