/** Computes the average sounds of library tracks from the vectors in the catalog, and caches them in memory.
 *
 *  They are not stored in generations, because every index would need a rebuild for them. A query needs those of some dozen tracks,
 *  and reading a track takes less than a millisecond.
 */
import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk } from '../domain.ts';
import { averageOf, averageSoundOf, similaritiesOfAverages, soundPartOf } from '../ranking/average-sound.ts';
import type { SpacePart } from '../ranking/space-parts.ts';

/** Of a longer track, every second, third, ... chunk is read. */
const chunksMin = 60;
/** 16 MB at 192 values. */
const keptMax = 20_000;
/** The event loop runs after each such group: some 5 ms if none of them is in memory. */
const tracksAtOnce = 16;

interface Kept {
  /** @see Evidence.embeddedStates */
  readonly state: string;
  /** Null for a track without music. */
  readonly average: Float32Array | null;
}

export class AverageSounds {
  readonly #catalog: Catalog;
  /** By space and track; the least recently used first. */
  readonly #kept = new Map<string, Kept>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** How similar the average sound of each track is to that of the query.
   *  @returns undefined in a space of one part, and for a query without chunks; tracks without music are missing
   *  @see similaritiesOfAverages */
  async similarities(
    spaceId: string,
    parts: readonly SpacePart[],
    searched: readonly Pick<Chunk, 'vector'>[],
    trackIds: readonly number[],
  ): Promise<Map<number, number> | undefined> {
    const sound = soundPartOf(parts);
    const query = averageSoundOf(searched, parts);
    if (sound === undefined || query === null) return undefined;
    const tracks = new Map<number, Float32Array>();
    for (let at = 0; at < trackIds.length; at += tracksAtOnce) {
      if (at > 0) await setImmediate();
      for (const [trackId, average] of this.#averagesOf(spaceId, sound, trackIds.slice(at, at + tracksAtOnce)))
        tracks.set(trackId, average);
    }
    return similaritiesOfAverages(query, tracks);
  }

  #averagesOf(spaceId: string, sound: SpacePart, trackIds: readonly number[]): Map<number, Float32Array> {
    const averages = new Map<number, Float32Array>();
    for (const [trackId, { chunks, state }] of this.#catalog.evidence.embeddedStates(spaceId, trackIds)) {
      const key = `${trackId} ${spaceId}`;
      const known = this.#kept.get(key);
      const average = known?.state === state ? known.average : this.#read(spaceId, sound, trackId, chunks);
      this.#keep(key, { state, average });
      if (average) averages.set(trackId, average);
    }
    return averages;
  }

  #read(spaceId: string, { from, dimensions }: SpacePart, trackId: number, chunks: number): Float32Array | null {
    const step = Math.max(1, Math.floor(chunks / chunksMin));
    return averageOf(this.#catalog.evidence.musicVectors(spaceId, trackId, { from, dimensions, step }));
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.size > keptMax ? this.#kept.keys() : [];
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}
