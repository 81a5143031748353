/** Decides whether a change of the library is written as a delta, and what the delta holds.
 *
 *  A delta generation has the files of an earlier generation, its base, under names of its own, and one more shard with the
 *  rows that the base has not. Rows of the base whose track changed or was removed are dropped: they are skipped by every
 *  search. Hubs and spread stay as they were measured on the base, so a change of more than a tenth makes a new base.
 */
import path from 'node:path';
import { referenceRows } from '../ranking/hubs.ts';
import { tracksByContent } from './compare-rows.ts';
import { spaceFolder } from './generation-folder.ts';
import { type GenerationKind, optionsOf } from './generation-writer.ts';
import type { GenerationManifest } from './manifest.ts';
import type { IndexedRow } from './row-writer.ts';
import { readTracks, type TrackRows, type TrackState } from './tracks-file.ts';

export interface DeltaChange extends GenerationKind {
  readonly indexDir: string;
  /** The current generation, which is intact. */
  readonly from: GenerationManifest;
  /** All tracks that the new generation has, in the order of a whole generation. */
  readonly tracks: readonly TrackState[];
  /** The rows of some tracks, in that order. */
  readonly rowsOf: (trackIds: readonly number[]) => Iterable<IndexedRow>;
  /** A smaller base is not worth a process for the delta; it is rewritten in a second or two. Default: 20,000. */
  readonly baseRowsMin?: number;
}

export interface DeltaPlan {
  /** Of the base, which may be `from` itself. */
  readonly base: NonNullable<GenerationManifest['base']>;
  /** Tracks that keep their rows of the base, in the order of these. */
  readonly kept: readonly TrackRows[];
  /** Tracks whose rows come from the delta of `from`. */
  readonly carried: readonly TrackRows[];
  readonly added: readonly TrackState[];
}

const baseRowsMinDefault = 20_000;
/** Of the base's rows. */
const shareMax = 0.1;

/** @returns null when a whole generation is due
 *  @throws {LeitmotifError} `index-corrupt` about a file of `from` */
export async function planDelta(change: DeltaChange): Promise<DeltaPlan | null> {
  const { from, tracks, baseRowsMin = baseRowsMinDefault } = change;
  const { content, rowCount, shards } = from.base ?? { ...from, shards: from.shards.length };
  if (rowCount < baseRowsMin || !isSameKind(change)) return null;
  const changedMax = Math.floor(rowCount * shareMax);
  const before = new Map((await tracksOf(change)).map((track) => [track.trackId, track]));
  const unchanged = tracks.flatMap(({ trackId, rowCount: count, state }) => {
    const old = before.get(trackId);
    return old?.state === state && old.rowCount === count ? [old] : [];
  });
  const kept = unchanged.filter(({ firstRow }) => firstRow < rowCount).sort((a, b) => a.firstRow - b.firstRow);
  const carried = unchanged.filter(({ firstRow }) => firstRow >= rowCount);
  const known = new Set(unchanged.map(({ trackId }) => trackId));
  const added = tracks.filter(({ trackId }) => !known.has(trackId));
  const droppedRows = rowCount - rowsIn(kept);
  const isSmall = droppedRows <= changedMax && rowsIn(carried) + rowsIn(added) <= changedMax;
  if (!isSmall || !holdsReferences(kept, rowCount)) return null;
  return { base: { content, rowCount, shards, droppedRows }, kept, carried, added };
}

export function rowsIn(tracks: readonly TrackState[]): number {
  return tracks.reduce((sum, { rowCount }) => sum + rowCount, 0);
}

/** Whether hubs, spread and parts are as a whole generation would have them now. */
function isSameKind(change: DeltaChange): boolean {
  const { from, tracks } = change;
  const sorted = (options: GenerationManifest['options']) => JSON.stringify(Object.entries(options).sort());
  return sorted(from.options) === sorted(optionsOf(change)) && (from.spread !== undefined || tracks.length < 2);
}

async function tracksOf(change: DeltaChange): Promise<TrackRows[]> {
  const { from, indexDir } = change;
  const folder = path.join(spaceFolder(indexDir, from.spaceId), from.id);
  if (from.tracks) return readTracks(path.join(folder, from.tracks.file), from.tracks);
  return tracksByContent({ ...change, folder });
}

/** Whether nine tenths of the hubs' references are still rows of the library. */
function holdsReferences(kept: readonly TrackRows[], rowCount: number): boolean {
  const isKept = new Uint8Array(rowCount);
  for (const track of kept) isKept.fill(1, track.firstRow, track.firstRow + track.rowCount);
  const references = referenceRows(rowCount);
  return references.filter((row) => isKept[row] === 0).length <= references.length * shareMax;
}
