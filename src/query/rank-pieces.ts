/** Ranks the library's tracks for a query; each recording counts once, regardless of its duplicates in the library.
 *
 *  Duplicates are only known once they are found. If there are none, one search is enough. Otherwise they displace other
 *  tracks among the neighbours, so the search requests more neighbours and keeps only the best ranked track of each
 *  recording; the scores then equal those of a library without the duplicates.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk, Hit, RankedTrack } from '../domain.ts';
import type { FoundChunk } from '../index/generation.ts';
import type { IndexHost } from '../index/index-host.ts';
import { fuse } from '../ranking/fusion.ts';
import { correctsHubs } from '../ranking/fusion-scores.ts';
import { cslsScore, poolFactor, selectByCsls } from '../ranking/hubs.ts';
import { Copies, copiesOf, type Found, mergeCopies } from './copies.ts';
import { type LiveNeighbours, liveNeighbours } from './live-neighbours.ts';
import type { QueryRequest } from './query-request.ts';

export interface Ranking {
  readonly found: LiveNeighbours;
  /** Ranked by uncorrected similarities. The verdict is based on these: proof of a recording and the threshold for "close"
   *  do not depend on hubs. */
  readonly nearest: readonly RankedTrack[];
  /** Ranked with hub correction, if requested and the generation has hubness. */
  readonly ranked: readonly RankedTrack[];
  /** Id of a ranked track -> ids of its duplicates, which are not in the rankings; best ranked first. */
  readonly alsoAs: ReadonlyMap<number, readonly number[]>;
  /** The comparisons made so far. */
  readonly copies: Copies;
  /** Total time of the index searches. */
  readonly searchMs: number;
}

interface RankParts {
  readonly index: IndexHost;
  readonly catalog: Catalog;
}

/** Each round requests four times as many neighbours; after the last one, fewer results are accepted. */
const widenFactor = 4;
const roundsMax = 4;

/** @throws {LeitmotifError} as IndexHost.neighbours */
export async function rankPieces(
  parts: RankParts,
  searched: readonly Chunk[],
  request: QueryRequest,
): Promise<Ranking> {
  const copies = new Copies(parts.catalog);
  const search = searcher(parts, searched, request);
  const { excludedTracks = new Set<number>() } = request;
  const found = await search(poolOf(request));
  const rankings = rankBoth(found, searched, request);
  const { ranked, nearest } = rankings;
  const seen = excludedTracks.size === 0 ? ranked : [...ranked, ...nearest];
  const first = await groupCopies(seen, excludedTracks, copies, parts.catalog, request);
  if (first.dropped.size === 0) {
    return { found, ...rankings, alsoAs: new Map(), copies, searchMs: search.tookMs() };
  }
  for (let round = 2, width = poolOf(request) * widenFactor; ; round++, width *= widenFactor) {
    const wide = await search(width);
    copies.beginRound();
    const all = rankByNearest(wide, searched);
    const { dropped, alsoAs } = await groupCopies(all, excludedTracks, copies, parts.catalog, request);
    const pieces = all.filter(({ trackId }) => !dropped.has(trackId));
    const single = {
      ...wide,
      perChunk: wide.perChunk.map((own) => own.filter(({ chunk }) => !dropped.has(chunk.trackId))),
    };
    const isAll = width >= wide.library.chunks || round === roundsMax;
    const isComplete = single.perChunk.every((own) => own.length >= poolOf(request));
    if (!isAll && !(isComplete && pieces.length >= request.resultsMax)) continue;
    const ranking = rankBoth(single, searched, request);
    const beyond = piecesBeyond(ranking.ranked, pieces, request.resultsMax);
    return {
      found: wide,
      ...(beyond.size === 0 ? ranking : rankBoth(single, searched, request, beyond)),
      ...{ alsoAs, copies, searchMs: search.tookMs() },
    };
  }
}

/** @returns the search function, with the total time of its calls */
function searcher(parts: RankParts, searched: readonly Chunk[], { excludedTracks, signal }: QueryRequest) {
  // Tracks of equal bytes are duplicates; this is known without a search.
  const never = new Set([...(excludedTracks ?? []), ...parts.catalog.tracks.withContentOf(excludedTracks ?? [])]);
  let tookMs = 0;
  const search = async (neighbours: number): Promise<LiveNeighbours> => {
    const startedMs = performance.now();
    const found = await liveNeighbours(parts, searched, { neighbours, excludedTracks: never, signal });
    tookMs += performance.now() - startedMs;
    return found;
  };
  return Object.assign(search, { tookMs: () => tookMs });
}

interface Grouped {
  /** Tracks that are not ranked: duplicates of a better ranked track or of an excluded track. */
  readonly dropped: ReadonlySet<number>;
  readonly alsoAs: ReadonlyMap<number, readonly number[]>;
}

/** @param ranked best first; a track may appear twice */
async function groupCopies(
  ranked: readonly RankedTrack[],
  excludedTracks: ReadonlySet<number>,
  copies: Copies,
  catalog: Catalog,
  { resultsMax }: QueryRequest,
): Promise<Grouped> {
  const unique = [...new Map(ranked.map((track) => [track.trackId, track] as const).reverse()).values()].reverse();
  const found = withTracks(unique, catalog);
  const known = [...catalog.tracks.byIds(excludedTracks).values()];
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

/** Adds the catalog's tracks and drops unknown ones; keeps the order. */
export function withTracks(ranked: readonly RankedTrack[], catalog: Catalog): Found[] {
  const tracks = catalog.tracks.byIds(ranked.map(({ trackId }) => trackId));
  return ranked.flatMap((evidence) => {
    const track = tracks.get(evidence.trackId);
    return track ? [{ track, evidence }] : [];
  });
}

/** In a small library, the next best tracks beyond the neighbours, up to `max` in total. */
function piecesBeyond(ranked: readonly RankedTrack[], all: readonly RankedTrack[], max: number): Set<number> {
  const there = new Set(ranked.map(({ trackId }) => trackId));
  const next = all.filter(({ trackId }) => !there.has(trackId)).slice(0, Math.max(0, max - there.size));
  return new Set(next.map(({ trackId }) => trackId));
}

function isCorrecting({ hubCorrection = false, fusion }: QueryRequest): boolean {
  return hubCorrection && correctsHubs(fusion);
}

/** Number of neighbours to request: a pool to choose from with hub correction, else the wanted number. */
function poolOf(request: QueryRequest): number {
  return request.neighbours * (isCorrecting(request) ? poolFactor : 1);
}

/** Ranks all neighbours by the similarity of each track's best hits, so that the nearest duplicate represents all. */
function rankByNearest({ perChunk, library }: LiveNeighbours, searched: readonly Chunk[]): RankedTrack[] {
  return fuse('best-pair', { queryChunks: searched, library, hits: hitsOf(searched, perChunk).map(({ hit }) => hit) });
}

/** Ranks the neighbours without and with hub correction. The corrected ranking selects and scores neighbours by CSLS; the
 *  hits keep their uncorrected distances.
 *  @param beyond tracks whose best hit with each query chunk counts too, even if it is not among the neighbours */
function rankBoth(
  { perChunk, library }: LiveNeighbours,
  searched: readonly Chunk[],
  request: QueryRequest,
  beyond: ReadonlySet<number> = new Set(),
): Pick<Ranking, 'nearest' | 'ranked'> {
  const { fusion, neighbours } = request;
  const input = { queryChunks: searched, library };
  const hits = hitsOf(
    searched,
    perChunk.map((found) => [...found.slice(0, neighbours), ...bestOfEach(found, beyond)]),
  ).map(({ hit }) => hit);
  const nearest = fuse(fusion, { ...input, hits });
  const pools = perChunk.map((found) => found.slice(0, poolOf(request)));
  if (!isCorrecting(request) || !perChunk.every((found) => found.every(isMeasured)))
    return { nearest, ranked: nearest };
  const chosen = hitsOf(
    searched,
    pools.map((pool, position) => [
      ...selectByCsls(pool.filter(isMeasured), neighbours),
      ...bestOfEach(perChunk[position] ?? [], beyond).filter(isMeasured),
    ]),
  );
  const hubness = new Map(chosen.map(({ hit, found }) => [hit, found.hubness]));
  const scoredSimilarityOf = (hit: Hit): number => cslsScore(hit.similarity, hubness.get(hit) ?? 0);
  return { nearest, ranked: fuse(fusion, { ...input, hits: [...hubness.keys()], scoredSimilarityOf }) };
}

/** The nearest chunk of each of the given tracks.
 *  @param found neighbours of one query chunk, best first */
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

/** Converts the neighbours of every searched chunk to hits. Similarities above 1 by rounding become 1. */
function hitsOf<T extends FoundChunk>(
  searched: readonly Chunk[],
  perChunk: readonly (readonly T[])[],
): { readonly hit: Hit; readonly found: T }[] {
  return searched.flatMap((chunk, position) =>
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
