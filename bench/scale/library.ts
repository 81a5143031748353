/** A synthetic library of any size: small files with names of recordings, and a catalog with vectors for them. For benchmarks of
 *  size, which need no audio. */
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fingerprintItemSec } from '../../src/audio/fingerprint.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { syntheticVectors } from '../speed/synthetic-vectors.ts';

export interface ScaleLibrary {
  readonly catalog: Catalog;
  /** Folder of the recordings; created if missing. */
  readonly music: string;
  readonly spaceId: string;
  readonly dimensions: number;
  readonly tracks: number;
  /** In all tracks together, spread evenly. */
  readonly chunks: number;
  /** Number of the first track; those before are there. */
  readonly firstTrack?: number;
  readonly onTrack?: (track: number) => void;
}

/** Files per folder, like an album or a box of records. */
const filesPerFolder = 100;
/** 8 items per second, like the worker's. */
const fingerprintItemsPerChunk = 80;

/** Key of a track, the same in every library. */
export function scaleKey(track: number): string {
  const folder = String(Math.floor(track / filesPerFolder)).padStart(4, '0');
  return `box ${folder}/track ${String(track).padStart(6, '0')}.mp3`;
}

export function scaleContent(track: number): string {
  return `recording ${track}`;
}

/** Writes the files and the catalog; equal arguments give the same library except for file times. */
export function fillScaleLibrary(options: ScaleLibrary): void {
  const { catalog, music, spaceId, dimensions, tracks, chunks, firstTrack = 0, onTrack } = options;
  const rows = syntheticVectors(dimensions, 1 + firstTrack).rows(chunks);
  for (let at = 0; at < tracks; at++) {
    const track = firstTrack + at;
    const key = scaleKey(track);
    const content = scaleContent(track);
    const file = path.join(music, key);
    if (at === 0 || track % filesPerFolder === 0) mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    const { size, mtimeMs } = statSync(file);
    const count = Math.floor(((at + 1) * chunks) / tracks) - Math.floor((at * chunks) / tracks);
    const taken = Array.from({ length: count }, (_, index) => {
      const { value } = rows.next();
      if (value === undefined) throw new RangeError('There are fewer vectors than chunks');
      const times = { startSec: index * 10, endSec: index * 10 + 10, overlapSec: 0 };
      return { index, ...times, loudnessDb: -20, kind: 'music' as const, vector: value.vector };
    });
    catalog.embeddings.put(
      { key, sizeBytes: size, mtimeMs, etag: null, contentSha256: createHash('sha256').update(content).digest('hex') },
      {
        spaceId,
        durationSec: count * 10,
        tags: { title: `Piece ${track}`, artist: `Somebody ${track % 97}`, album: null },
        chunks: taken,
        fingerprint: { items: noiseFingerprint(track, count), itemSec: fingerprintItemSec },
      },
    );
    onTrack?.(track);
  }
}

/** As long as a real one, but random, so that it matches nothing. */
export function noiseFingerprint(seed: number, chunks: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({ length: chunks * fingerprintItemsPerChunk }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  });
}
