/** Neighbours that may be shown: a track that was removed since the generation was built, or is not to be found, is
 *  passed over, and the next nearest chunk takes its place. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk } from '../domain.ts';
import type { FoundChunk } from '../index/generation.ts';
import type { IndexHost } from '../index/index-host.ts';
import type { LibrarySize } from '../ranking/fusion.ts';

export interface LiveNeighbours {
  readonly generation: string;
  readonly library: LibrarySize;
  /** Shape [chunks][at most neighbours]; best first. */
  readonly perChunk: readonly (readonly FoundChunk[])[];
}

export interface LiveNeighboursOptions {
  readonly neighbours: number;
  /** Tracks that are not to be found. */
  readonly leaveOut?: ReadonlySet<number>;
  readonly signal: AbortSignal;
}

/** How many times the wanted number may be asked for before fewer are accepted: past this most of the library has been
 *  removed since the last run, and the next run's generation is the remedy. */
const askFactorMax = 64;

/** @throws {LeitmotifError} as IndexHost.neighbours */
export async function liveNeighbours(
  { index, catalog }: { readonly index: IndexHost; readonly catalog: Catalog },
  chunks: readonly Pick<Chunk, 'vector'>[],
  { neighbours, leaveOut, signal }: LiveNeighboursOptions,
): Promise<LiveNeighbours> {
  const vectors = chunks.map((chunk) => chunk.vector);
  for (let factor = 1; ; factor *= 4) {
    const asked = neighbours * factor;
    const { generation, library, perQuery } = await index.neighbours(vectors, asked, signal);
    const live = catalog.tracks.live(new Set(perQuery.flat().map(({ chunk }) => chunk.trackId)));
    for (const trackId of leaveOut ?? []) live.delete(trackId);
    const perChunk = perQuery.map((found) => found.filter(({ chunk }) => live.has(chunk.trackId)).slice(0, neighbours));
    const complete = perChunk.every((found) => found.length >= Math.min(neighbours, library.chunks));
    if (complete || asked >= library.chunks || factor >= askFactorMax) {
      return { generation: generation.id, library, perChunk };
    }
  }
}
