/** A small library that changes, written as generations with deltas, and what they must answer. */
import path from 'node:path';
import { expect } from 'vitest';
import { planDelta } from '../../src/index/delta-plan.ts';
import { writeDelta } from '../../src/index/delta-writer.ts';
import { currentManifest, nearestChunks, type OpenGeneration } from '../../src/index/generation.ts';
import { spaceFolder } from '../../src/index/generation-folder.ts';
import { type GenerationManifest, liveRowCount } from '../../src/index/manifest.ts';
import type { IndexedRow } from '../../src/index/row-writer.ts';
import type { TrackState } from '../../src/index/tracks-file.ts';
import { dimensions, generationInput, openOptions, place, write } from './generations.ts';
import { naiveSearch, never, unitVectors } from './vectors.ts';

export interface LibraryTrack {
  readonly rowCount: number;
  /** Decides its vectors. */
  readonly version: number;
}

/** By track id; the order of its rows is that of the ids. */
export type ChangingLibrary = ReadonlyMap<number, LibraryTrack>;

export function libraryOf(tracks: number, rowCount = 3, version = 1): Map<number, LibraryTrack> {
  return new Map(Array.from({ length: tracks }, (_, at) => [at + 1, { rowCount, version }]));
}

/** @param changes null removes a track */
export function changedBy(
  library: ChangingLibrary,
  ...changes: readonly (readonly [trackId: number, track: LibraryTrack | null])[]
): ChangingLibrary {
  const changed = new Map(library);
  for (const [trackId, track] of changes) {
    if (track === null) changed.delete(trackId);
    else changed.set(trackId, track);
  }
  return new Map([...changed].sort(([a], [b]) => a - b));
}

/** Versions 100 and up of all tracks are equal: duplicates. */
export function rowsOfTrack(trackId: number, { rowCount, version }: LibraryTrack): IndexedRow[] {
  const seed = version >= 100 ? version : trackId * 1000 + version;
  return unitVectors(rowCount, dimensions, seed).map((vector, at) => ({
    chunk: { trackId, startSec: at * 10, endSec: at * 10 + 10, overlapSec: 0 },
    vector,
  }));
}

export function tracksOf(library: ChangingLibrary): TrackState[] {
  return [...library].map(([trackId, track]) => ({
    ...{ trackId, rowCount: track.rowCount },
    state: Buffer.from(`${track.version} ${track.rowCount}`.padEnd(16)).toString('hex'),
  }));
}

export function changeOf(indexDir: string, library: ChangingLibrary) {
  const { rows: _, rowCount: _count, ...input } = generationInput(indexDir, []);
  const rowsOf = (trackIds: readonly number[]) =>
    [...library].filter(([id]) => trackIds.includes(id)).flatMap(([id, track]) => rowsOfTrack(id, track));
  return { ...input, hubs: true, tracks: tracksOf(library), rowsOf, baseRowsMin: 1 };
}

export function writeWhole(indexDir: string, library: ChangingLibrary, changes = {}): Promise<GenerationManifest> {
  const rows = [...library].flatMap(([id, track]) => rowsOfTrack(id, track));
  return write(indexDir, rows, { hubs: true, tracks: tracksOf(library), ...changes });
}

/** As an index run does: a delta, or a whole generation when one is due. */
export async function update(indexDir: string, library: ChangingLibrary): Promise<GenerationManifest> {
  const change = { ...changeOf(indexDir, library), from: await currentManifest(openOptions(indexDir)) };
  const plan = await planDelta(change);
  return plan ? writeDelta({ ...change, plan }) : writeWhole(indexDir, library);
}

/** One index over base and delta: every row that belongs to the library, at its row.
 *  @returns shape [queries][...] */
export function naiveNearest(
  { rows, manifest }: OpenGeneration,
  library: ChangingLibrary,
  queries: readonly Float32Array[],
  k: number,
) {
  const live = liveRows({ rows, manifest }, library);
  const vectors = live.map(({ vector }) => vector);
  return queries.map((query) =>
    naiveSearch(vectors, query, k).map((found) => ({
      ...found,
      row: live[found.row]?.row,
      chunk: live[found.row]?.chunk,
    })),
  );
}

/** Expects what naiveNearest says, for these queries and for chunks of the last two tracks, and the library's counts. */
export async function expectAnswers(
  generation: OpenGeneration,
  library: ChangingLibrary,
  queries: readonly Float32Array[],
  k: number,
): Promise<void> {
  const own = [...library].slice(-2).flatMap(([id, track]) => rowsOfTrack(id, track).map(({ vector }) => vector));
  const asked = [...queries, ...own];
  const found = await nearestChunks(generation, asked, k, never);
  expect(found.map((list) => list.map(({ hubness: _, ...one }) => one))).toEqual(
    naiveNearest(generation, library, asked, k),
  );
  const chunks = [...library.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  expect(generation.library.chunks).toBe(chunks);
  expect(liveRowCount(generation.manifest)).toBe(chunks);
  for (const [id, { rowCount }] of library) expect(generation.library.chunksOf(id)).toBe(rowCount);
}

/** The rows of a generation that belong to the library. Where a track changed, its last rows count. */
export function liveRows({ rows, manifest }: Pick<OpenGeneration, 'rows' | 'manifest'>, library: ChangingLibrary) {
  const all = Array.from({ length: manifest.rowCount }, (_, row) => ({ row, chunk: rows.chunk(row) }));
  const byTrack = Map.groupBy(all, ({ chunk }) => chunk.trackId);
  const live = [...library].flatMap(([trackId, track]) =>
    (byTrack.get(trackId) ?? [])
      .slice(-track.rowCount)
      .map((one, at) => ({ ...one, vector: rowsOfTrack(trackId, track)[at]?.vector ?? new Float32Array(dimensions) })),
  );
  return live.sort((a, b) => a.row - b.row);
}

export function folderOf(indexDir: string, { id }: GenerationManifest): string {
  return path.join(spaceFolder(indexDir, place.spaceId), id);
}
