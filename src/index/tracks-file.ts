/** `tracks.bin`: the tracks of a generation, where their rows are, and the state of the catalog that they were made from. By
 *  comparing states, the next run knows which tracks changed without reading a vector.
 *
 *  Little-endian columns, one value per track, in the order of their rows:
 *    trackId     uint32
 *    firstRow    uint32
 *    rowCount    uint32
 *    state       16 bytes   see SnapshotTrack
 *  28 bytes per track: 0.4 MB for 13,171.
 */
import { createHash } from 'node:crypto';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { type FileRecord, HashedFile, readWritten } from '../io/durable-file.ts';
import type { DroppedRows } from './faiss-protocol.ts';

/** A track as the catalog has it. */
export interface TrackState {
  readonly trackId: number;
  readonly rowCount: number;
  /** 32 hexadecimal digits. */
  readonly state: string;
}

export interface TrackRows extends TrackState {
  readonly firstRow: number;
}

const stateBytes = 16;
const bytesPerTrack = 12 + stateBytes;

export async function writeTracks(file: string, tracks: readonly TrackRows[]): Promise<FileRecord> {
  const written = await HashedFile.create(file);
  try {
    await written.write(placesOf(tracks));
    await written.write(Buffer.concat(tracks.map(({ state }) => Buffer.from(state, 'hex'))));
    return await written.finish();
  } finally {
    await written.abandon();
  }
}

/** @throws {LeitmotifError} `index-corrupt` if the file is missing or was changed after it was written */
export async function readTracks(file: string, record: FileRecord): Promise<TrackRows[]> {
  const bytes = await readWritten(file, record);
  const count = bytes.length / bytesPerTrack;
  if (!Number.isInteger(count)) throw corruptIndexFile(file, `expected whole tracks, got ${bytes.length} bytes`);
  return Array.from({ length: count }, (_, at) => {
    const stateAt = count * 12 + at * stateBytes;
    return {
      trackId: bytes.readUInt32LE(at * 4),
      firstRow: bytes.readUInt32LE((count + at) * 4),
      rowCount: bytes.readUInt32LE((2 * count + at) * 4),
      state: bytes.toString('hex', stateAt, stateAt + stateBytes),
    };
  });
}

/** Places tracks whose rows follow each other.
 *  @param trackIds the track of each row
 *  @param firstRow of the first track
 *  @throws {RangeError} if the rows are of other tracks */
export function placeTracks(tracks: readonly TrackState[], trackIds: Uint32Array, firstRow = 0): TrackRows[] {
  let row = 0;
  const placed = tracks.map((track) => {
    const place = { ...track, firstRow: firstRow + row };
    const own = trackIds.subarray(row, row + track.rowCount);
    if (own.length !== track.rowCount || own.some((id) => id !== track.trackId)) {
      throw new RangeError(
        `Cannot write the index: expected ${track.rowCount} rows of track ${track.trackId} at row ${row}`,
      );
    }
    row += track.rowCount;
    return place;
  });
  if (row !== trackIds.length)
    throw new RangeError(`Cannot write the index: expected ${row} rows, got ${trackIds.length}`);
  return placed;
}

/** Identifies which rows belong to which track. */
export function hashOfPlaces(tracks: readonly TrackRows[]): string {
  return createHash('sha256').update(placesOf(tracks)).digest('hex');
}

function placesOf(tracks: readonly TrackRows[]): Uint8Array {
  const columns = [
    ...tracks.map(({ trackId }) => trackId),
    ...tracks.map(({ firstRow }) => firstRow),
    ...tracks.map(({ rowCount }) => rowCount),
  ];
  return new Uint8Array(Uint32Array.from(columns).buffer);
}

/** The rows of each shard that belong to no track; null for a shard without any. */
export function droppedRows(
  tracks: readonly TrackRows[],
  shards: readonly { readonly rowCount: number }[],
): (DroppedRows | null)[] {
  const isLive = new Uint8Array(shards.reduce((sum, { rowCount }) => sum + rowCount, 0));
  for (const { firstRow, rowCount } of tracks) isLive.fill(1, firstRow, firstRow + rowCount);
  let firstRow = 0;
  return shards.map(({ rowCount }) => {
    const own = isLive.subarray(firstRow, firstRow + rowCount);
    firstRow += rowCount;
    const bits = new Uint8Array(Math.ceil(rowCount / 8));
    let count = 0;
    for (let row = own.indexOf(0); row !== -1; row = own.indexOf(0, row + 1)) {
      bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
      count += 1;
    }
    return count === 0 ? null : { count, bits };
  });
}
