/** Finds a track's duplicates in the whole library, not only in an answer: by equal bytes, then by fingerprints of tracks with the
 *  same title or about the same duration. Bounded: the work does not grow with the library. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Track } from '../domain.ts';
import { comparisonsMax, DuplicateFinder } from './duplicates.ts';

/** @returns sorted by key; of a large library with many tracks of one duration, maybe not all
 *  @throws the signal's reason */
export async function trackDuplicates(track: Track, catalog: Catalog, signal: AbortSignal): Promise<Track[]> {
  const ids = new Set([
    ...catalog.tracks.withContentOf([track.id]),
    ...catalog.tracks.likeNamed(track, comparisonsMax / 2),
    ...catalog.tracks.nearDuration(track, comparisonsMax / 2),
  ]);
  const candidates = [...catalog.tracks.byIds(ids).values()];
  const finder = new DuplicateFinder(catalog);
  finder.add([track, ...candidates]);
  const found: Track[] = [];
  for (const other of candidates) {
    signal.throwIfAborted();
    if (await finder.isSameRecording(track, other, () => true)) found.push(other);
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}
