/** Ranks the library's tracks for a query; each recording counts once, regardless of its duplicates in the library.
 *
 *  Duplicates are only known once they are found. If there are none, one search is enough. Otherwise they displace other
 *  tracks among the neighbours, so the search requests more neighbours and keeps only the best ranked track of each
 *  recording; the scores then equal those of a library without the duplicates.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk, FusionName, RankedTrack } from '../domain.ts';
import type { IndexHost } from '../index/index-host.ts';
import type { LibrarySize } from '../ranking/fusion.ts';
import { poolFactor } from '../ranking/hubs.ts';
import {
  type FoundNeighbour,
  type Neighbourhood,
  rankByNearest,
  rankByParts,
  rankByVotes,
} from '../ranking/rank-by-parts.ts';
import type { SpacePart } from '../ranking/space-parts.ts';
import type { AverageSounds } from './average-sounds.ts';
import { DuplicateFinder, duplicatesOf, type FoundTrack, mergeDuplicates } from './duplicates.ts';
import { containsNearest, type LiveNeighbours, liveNeighbours, type NearestBy, nearestBy } from './live-neighbours.ts';
import type { QueryRequest } from './query-request.ts';

export interface Ranking {
  readonly found: LiveNeighbours;
  /** The neighbours that were ranked, without duplicates. */
  readonly neighbourhood: Neighbourhood;
  /** Ranked by uncorrected similarities of the whole vectors. The verdict is based on these: proof of a recording and the
   *  threshold for "close" depend neither on hubs nor on the focus. */
  readonly nearest: readonly RankedTrack[];
  /** Ranked by the requested fusion. */
  readonly ranked: readonly RankedTrack[];
  /** Id of a ranked track -> ids of its duplicates, which are not in the rankings; best ranked first. */
  readonly alsoAs: ReadonlyMap<number, readonly number[]>;
  /** The comparisons made so far. */
  readonly duplicates: DuplicateFinder;
  /** Total time of the index searches. */
  readonly searchMs: number;
}

export interface RankParts {
  readonly index: IndexHost;
  readonly catalog: Catalog;
  readonly averages: AverageSounds;
}

/** Each round requests four times as many neighbours; after the last one, fewer results are accepted. */
const widenFactor = 4;
const roundsMax = 4;
/** The average sound of a track beyond the hundred best does not matter: thirty gave the same first results. */
const averagedMax = 100;

/** @throws {LeitmotifError} as IndexHost.neighbours */
export async function rankPieces(
  parts: RankParts,
  searched: readonly Chunk[],
  request: QueryRequest,
): Promise<Ranking> {
  const duplicates = new DuplicateFinder(parts.catalog);
  const search = searcher(parts, searched, request);
  const { excludedTracks = new Set<number>() } = request;
  const found = await search(poolOf(request));
  const rankings = await rankingsOf(parts, found, searched, request);
  const { ranked, nearest } = rankings;
  const seen = excludedTracks.size === 0 ? ranked : [...ranked, ...nearest];
  const first = await groupDuplicates(seen, excludedTracks, duplicates, parts.catalog, request);
  if (first.dropped.size === 0) {
    return { found, ...rankings, alsoAs: new Map(), duplicates, searchMs: search.tookMs() };
  }
  for (let round = 2, width = poolOf(request) * widenFactor; ; round++, width *= widenFactor) {
    const wide = await search(width);
    duplicates.resetLimits();
    const all = rankByNearest(neighbourhoodOf(wide, searched, request), Number.POSITIVE_INFINITY);
    const { dropped, alsoAs } = await groupDuplicates(all, excludedTracks, duplicates, parts.catalog, request);
    const pieces = all.filter(({ trackId }) => !dropped.has(trackId));
    const single = {
      ...wide,
      library: withoutTracks(wide.library, dropped),
      perChunk: wide.perChunk.map((own) => own.filter(({ chunk }) => !dropped.has(chunk.trackId))),
    };
    const isAll = width >= wide.library.chunks || round === roundsMax;
    const isComplete = wide.perChunk.every((own) => hasPool(own, wide.parts, width, dropped, request));
    if (!isAll && !(isComplete && pieces.length >= request.resultsMax)) continue;
    const ranking = await rankingsOf(parts, withinPool(single, request), searched, request);
    const ranked = withPiecesBeyond(ranking.ranked, pieces, request.resultsMax);
    return { found: wide, ...ranking, ranked, alsoAs, duplicates, searchMs: search.tookMs() };
  }
}

/** @returns the search function, with the total time of its calls */
function searcher(parts: RankParts, searched: readonly Chunk[], { excludedTracks, fusion, signal }: QueryRequest) {
  // Tracks of equal bytes are duplicates; this is known without a search.
  const never = new Set([...(excludedTracks ?? []), ...parts.catalog.tracks.withContentOf(excludedTracks ?? [])]);
  let tookMs = 0;
  const search = async (neighbours: number): Promise<LiveNeighbours> => {
    const startedMs = performance.now();
    const by = nearestByOf(fusion);
    const found = await liveNeighbours(parts, searched, { neighbours, by, excludedTracks: never, signal });
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
async function groupDuplicates(
  ranked: readonly RankedTrack[],
  excludedTracks: ReadonlySet<number>,
  duplicates: DuplicateFinder,
  catalog: Catalog,
  { resultsMax }: QueryRequest,
): Promise<Grouped> {
  const unique = [...new Map(ranked.map((track) => [track.trackId, track] as const).reverse()).values()].reverse();
  const found = withTracks(unique, catalog);
  const known = [...catalog.tracks.byIds(excludedTracks).values()];
  const dropped = new Set(known.length === 0 ? [] : await duplicatesOf(known, found, duplicates));
  const rest = found.filter(({ track }) => !dropped.has(track.id));
  const merged = await mergeDuplicates(rest, duplicates, { max: resultsMax, mayShow: () => true });
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
export function withTracks(ranked: readonly RankedTrack[], catalog: Catalog): FoundTrack[] {
  const tracks = catalog.tracks.byIds(ranked.map(({ trackId }) => trackId));
  return ranked.flatMap((evidence) => {
    const track = tracks.get(evidence.trackId);
    return track ? [{ track, evidence }] : [];
  });
}

/** In a small library, the next best tracks beyond the neighbours, after those that were ranked, up to `max` in total. */
function withPiecesBeyond(ranked: readonly RankedTrack[], all: readonly RankedTrack[], max: number): RankedTrack[] {
  const rankedIds = new Set(ranked.map(({ trackId }) => trackId));
  const beyond = all.filter(({ trackId }) => !rankedIds.has(trackId)).slice(0, Math.max(0, max - rankedIds.size));
  const last = Math.min(0, ranked.at(-1)?.score ?? 0);
  // Their own scores, similarities, are at most 1: the last rank comes before all of them.
  return [...ranked, ...beyond.map((track) => ({ ...track, score: last + track.score - 1 }))];
}

/** The original's fusion compares whole vectors. */
function nearestByOf(fusion: FusionName): NearestBy {
  return fusion === 'votes' ? 'whole' : 'parts';
}

/** Number of neighbours to request: a pool for hub correction to choose from, and for matches to be measured in. */
function poolOf({ neighbours }: QueryRequest): number {
  return neighbours * poolFactor;
}

/** Ranks the neighbours by their whole vectors, and by the requested fusion. */
async function rankingsOf(
  { averages }: RankParts,
  found: LiveNeighbours,
  searched: readonly Chunk[],
  request: QueryRequest,
): Promise<Pick<Ranking, 'neighbourhood' | 'nearest' | 'ranked'>> {
  const neighbourhood = neighbourhoodOf(found, searched, request);
  const nearest = rankByNearest(neighbourhood);
  const { fusion, focus, hubCorrection: correctsHubs = false } = request;
  if (fusion === 'votes') return { neighbourhood, nearest, ranked: rankByVotes(neighbourhood) };
  const options = { focus, correctsHubs };
  const byChunks = rankByParts(neighbourhood, options);
  if (focus === 'harmony') return { neighbourhood, nearest, ranked: byChunks };
  const best = byChunks.slice(0, averagedMax).map(({ trackId }) => trackId);
  const averageSound = await averages.similarities(found.spaceId, found.parts, searched, best);
  const ranked = averageSound ? rankByParts({ ...neighbourhood, averageSound }, options) : byChunks;
  return { neighbourhood, nearest, ranked };
}

function neighbourhoodOf(
  { perChunk, parts, library }: LiveNeighbours,
  searched: readonly Chunk[],
  { neighbours }: QueryRequest,
): Neighbourhood {
  return { searched, perChunk, parts, library, neighbours };
}

/** The size of the library without these tracks. */
function withoutTracks({ chunks, chunksOf }: LibrarySize, dropped: ReadonlySet<number>): LibrarySize {
  return { chunks: [...dropped].reduce((left, trackId) => left - chunksOf(trackId), chunks), chunksOf };
}

/** Limits a wide search to the neighbours that the first search would have given in a library without the duplicates. */
function withinPool(found: LiveNeighbours, request: QueryRequest): LiveNeighbours {
  const by = nearestByOf(request.fusion);
  return { ...found, perChunk: found.perChunk.map((own) => nearestBy(by, own, poolOf(request))) };
}

/** Whether one chunk's neighbours hold the pool, the dropped tracks not counted. */
function hasPool(
  found: readonly FoundNeighbour[],
  parts: readonly SpacePart[],
  width: number,
  dropped: ReadonlySet<number>,
  request: QueryRequest,
): boolean {
  const isKept = ({ chunk }: FoundNeighbour): boolean => !dropped.has(chunk.trackId);
  const wanted = poolOf(request);
  if (nearestByOf(request.fusion) === 'whole') return found.filter(isKept).length >= wanted;
  return containsNearest(found, parts, { of: width, wanted, isKept });
}
