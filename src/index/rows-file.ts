/** `rows.bin`: the rows' track ids and times, so that the nearest chunks are known without the catalog.
 *
 *  Little-endian columns, one value per row, one column after the other:
 *    startSec    float64   seconds of the track
 *    endSec      float64
 *    overlapSec  float64   see ChunkSpan
 *    trackId     uint32
 *  28 bytes per row: 11 MB for 400,000. Times are float64, so that they equal the catalog's.
 */

import type { IndexedChunk } from '../domain.ts';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { type FileRecord, HashedFile, readWritten } from '../io/durable-file.ts';

const bytesPerRow = 28;
const trackIdMax = 0xffff_ffff;

export class IndexedRows {
  readonly rowCount: number;
  readonly #bytes: Uint8Array;
  readonly #startSec: Float64Array;
  readonly #endSec: Float64Array;
  readonly #overlapSec: Float64Array;
  readonly #trackId: Uint32Array;
  #rowsByTrack: ReadonlyMap<number, number> | null = null;

  private constructor(buffer: ArrayBuffer, rowCount: number) {
    this.rowCount = rowCount;
    this.#bytes = new Uint8Array(buffer);
    this.#startSec = new Float64Array(buffer, 0, rowCount);
    this.#endSec = new Float64Array(buffer, rowCount * 8, rowCount);
    this.#overlapSec = new Float64Array(buffer, rowCount * 16, rowCount);
    this.#trackId = new Uint32Array(buffer, rowCount * 24, rowCount);
  }

  static withRoomFor(rowCount: number): IndexedRows {
    return new IndexedRows(new ArrayBuffer(rowCount * bytesPerRow), rowCount);
  }

  /** Puts tables together.
   *  @param pieces rows [from, to) of each */
  static join(
    pieces: readonly { readonly of: IndexedRows; readonly from: number; readonly to: number }[],
  ): IndexedRows {
    const rows = IndexedRows.withRoomFor(pieces.reduce((sum, { from, to }) => sum + to - from, 0));
    let row = 0;
    for (const { of, from, to } of pieces) {
      rows.#startSec.set(of.#startSec.subarray(from, to), row);
      rows.#endSec.set(of.#endSec.subarray(from, to), row);
      rows.#overlapSec.set(of.#overlapSec.subarray(from, to), row);
      rows.#trackId.set(of.#trackId.subarray(from, to), row);
      row += to - from;
    }
    return rows;
  }

  /** @throws {LeitmotifError} `index-corrupt` if the file is missing or was changed after it was written */
  static async read(file: string, rowCount: number, record: FileRecord): Promise<IndexedRows> {
    const bytes = await readWritten(file, record);
    if (bytes.length !== rowCount * bytesPerRow) {
      throw corruptIndexFile(file, `expected ${rowCount * bytesPerRow} bytes, got ${bytes.length}`);
    }
    const rows = IndexedRows.withRoomFor(rowCount);
    rows.#bytes.set(bytes);
    return rows;
  }

  async write(file: string): Promise<FileRecord> {
    const written = await HashedFile.create(file);
    try {
      await written.write(this.#bytes);
      return await written.finish();
    } finally {
      await written.abandon();
    }
  }

  set(row: number, { trackId, startSec, endSec, overlapSec }: IndexedChunk): void {
    const isTrackId = Number.isSafeInteger(trackId) && trackId >= 0 && trackId <= trackIdMax;
    if (!isTrackId || ![startSec, endSec, overlapSec].every(Number.isFinite)) {
      throw new RangeError(
        `Cannot index a chunk: expected a track id of 32 bits and finite times, got ${trackId}, ${startSec} to ${endSec} s, overlap ${overlapSec} s`,
      );
    }
    this.#rowsByTrack = null;
    this.#trackId[row] = trackId;
    this.#startSec[row] = startSec;
    this.#endSec[row] = endSec;
    this.#overlapSec[row] = overlapSec;
  }

  /** @throws {RangeError} if the row does not exist */
  chunk(row: number): IndexedChunk {
    const trackId = this.#trackId[row];
    if (trackId === undefined) throw new RangeError(`Cannot look up row ${row}: there are ${this.rowCount}`);
    return {
      trackId,
      startSec: this.#startSec[row] ?? Number.NaN,
      endSec: this.#endSec[row] ?? Number.NaN,
      overlapSec: this.#overlapSec[row] ?? Number.NaN,
    };
  }

  /** The track id of each row. Do not write to it. */
  get trackIds(): Uint32Array {
    return this.#trackId;
  }

  /** Number of rows of a track; 0 if it is not in this generation. */
  chunksOf(trackId: number): number {
    return this.#countByTrack().get(trackId) ?? 0;
  }

  get trackCount(): number {
    return this.#countByTrack().size;
  }

  #countByTrack(): ReadonlyMap<number, number> {
    if (this.#rowsByTrack === null) {
      const counts = new Map<number, number>();
      for (const trackId of this.#trackId) counts.set(trackId, (counts.get(trackId) ?? 0) + 1);
      this.#rowsByTrack = counts;
    }
    return this.#rowsByTrack;
  }
}
