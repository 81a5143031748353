/** Searches neighbours and skips tracks that were removed since the generation was built or are excluded; the next nearest
 *  chunk takes their place. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk } from '../domain.ts';
import type { FoundChunk } from '../index/generation.ts';
import type { IndexHost } from '../index/index-host.ts';
import type { LibrarySize } from '../ranking/fusion.ts';

export interface LiveNeighbours {
  readonly generation: string;
  readonly library: LibrarySize;
  /** Shape [chunks][up to `neighbours`]; best first. */
  readonly perChunk: readonly (readonly FoundChunk[])[];
}

export interface LiveNeighboursOptions {
  readonly neighbours: number;
  /** Tracks excluded from the result. */
  readonly excludedTracks?: ReadonlySet<number>;
  readonly signal: AbortSignal;
}

/** Maximum multiple of the wanted neighbours to request; after it, fewer are accepted. It is reached only if most of the
 *  library was removed since the last index run, and the next run fixes that. */
const widenFactorMax = 64;

/** @throws {LeitmotifError} as IndexHost.neighbours */
export async function liveNeighbours(
  { index, catalog }: { readonly index: IndexHost; readonly catalog: Catalog },
  chunks: readonly Pick<Chunk, 'vector'>[],
  { neighbours, excludedTracks, signal }: LiveNeighboursOptions,
): Promise<LiveNeighbours> {
  const vectors = chunks.map((chunk) => chunk.vector);
  for (let factor = 1; ; factor *= 4) {
    const asked = neighbours * factor;
    const { generation, library, perQuery } = await index.neighbours(vectors, asked, signal);
    const live = catalog.tracks.live(new Set(perQuery.flat().map(({ chunk }) => chunk.trackId)));
    for (const trackId of excludedTracks ?? []) live.delete(trackId);
    const perChunk = perQuery.map((found) => found.filter(({ chunk }) => live.has(chunk.trackId)).slice(0, neighbours));
    const complete = perChunk.every((found) => found.length >= Math.min(neighbours, library.chunks));
    if (complete || asked >= library.chunks || factor >= widenFactorMax) {
      return { generation: generation.id, library, perChunk };
    }
  }
}
