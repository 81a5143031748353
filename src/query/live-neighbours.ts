/** Searches neighbours and skips tracks that were removed since the generation was built or are excluded; the next nearest
 *  chunk takes their place. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk } from '../domain.ts';
import type { IndexHost } from '../index/index-host.ts';
import { nearestInAnyPart, nearestInPart } from '../index/vector-index.ts';
import type { LibrarySize } from '../ranking/fusion.ts';
import type { FoundNeighbour } from '../ranking/rank-by-parts.ts';
import type { SpacePart } from '../ranking/space-parts.ts';
import type { Spread } from '../ranking/spread.ts';

export interface LiveNeighbours {
  readonly generation: string;
  readonly spaceId: string;
  readonly library: LibrarySize;
  readonly parts: readonly SpacePart[];
  /** Null if the library has one track. */
  readonly spread: Spread | null;
  /** Shape [chunks][...]; best first by the whole similarity, ties by row. */
  readonly perChunk: readonly (readonly FoundNeighbour[])[];
}

/** `parts`: the chunks that are among the nearest in at least one part; `whole`: the nearest by the whole vector. */
export type NearestBy = 'parts' | 'whole';

export interface LiveNeighboursOptions {
  readonly neighbours: number;
  readonly by: NearestBy;
  /** Tracks excluded from the result. */
  readonly excludedTracks?: ReadonlySet<number> | undefined;
  readonly signal: AbortSignal;
}

/** Maximum multiple of the wanted neighbours to request; after it, fewer are accepted. It is reached only if most of the
 *  library was removed since the last index run, which the next run fixes, or by the whole vector of a query that is near to
 *  nothing. */
const widenFactorMax = 64;

/** @throws {LeitmotifError} as IndexHost.neighbours */
export async function liveNeighbours(
  { index, catalog }: { readonly index: IndexHost; readonly catalog: Catalog },
  chunks: readonly Pick<Chunk, 'vector'>[],
  { neighbours, by, excludedTracks, signal }: LiveNeighboursOptions,
): Promise<LiveNeighbours> {
  const vectors = chunks.map((chunk) => chunk.vector);
  for (let factor = 1; ; factor *= 4) {
    const asked = neighbours * factor;
    const { generation, library, parts, perQuery } = await index.neighbours(vectors, asked, signal);
    const live = catalog.tracks.live(new Set(perQuery.flat().map(({ chunk }) => chunk.trackId)));
    for (const trackId of excludedTracks ?? []) live.delete(trackId);
    const isLive = ({ chunk }: FoundNeighbour): boolean => live.has(chunk.trackId);
    const wanted = Math.min(neighbours, library.chunks);
    const perChunk = perQuery.map((found) => nearestBy(by, found.filter(isLive), neighbours));
    const isComplete = perQuery.every((found, at) => {
      if (by === 'parts') return containsNearest(found, parts, { of: asked, wanted, isKept: isLive });
      const last = perChunk[at]?.[wanted - 1];
      return last !== undefined && last.similarity >= similarityBeyond(found, parts, asked);
    });
    if (isComplete || asked >= library.chunks || factor >= widenFactorMax) {
      const { id, spaceId, spread = null } = generation;
      return { generation: id, spaceId, library, parts, spread, perChunk };
    }
  }
}

/** @param found one chunk's neighbours, best first by the whole similarity */
export function nearestBy(by: NearestBy, found: readonly FoundNeighbour[], max: number): FoundNeighbour[] {
  return by === 'whole' ? found.slice(0, max) : nearestInAnyPart(found, max);
}

/** Whether, in each part, enough of the nearest `of` neighbours are kept. */
export function containsNearest(
  found: readonly FoundNeighbour[],
  parts: readonly SpacePart[],
  {
    of,
    wanted,
    isKept,
  }: { readonly of: number; readonly wanted: number; readonly isKept: (one: FoundNeighbour) => boolean },
): boolean {
  return parts.every((_, part) => nearestInPart(found, part, of).filter(isKept).length >= wanted);
}

/** Upper bound of the similarity of a chunk that was not found: in each part it is below the last found one.
 *  @see Fagin, Lotem, Naor (2003), Optimal aggregation algorithms for middleware (the threshold algorithm) */
function similarityBeyond(found: readonly FoundNeighbour[], parts: readonly SpacePart[], asked: number): number {
  return parts.reduce((sum, { weight }, part) => {
    const last = nearestInPart(found, part, asked).at(-1);
    return sum + weight * (last?.ofParts[part] ?? 1);
  }, 0);
}
