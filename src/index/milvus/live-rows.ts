/** Which rows of a collection belong to a generation. */
import path from 'node:path';
import { type GenerationManifest, liveRowCount } from '../manifest.ts';
import { readTracks, type TrackRows } from '../tracks-file.ts';

export class LiveRows {
  readonly count: number;
  readonly #bits: Uint8Array;

  constructor(rowCount: number, tracks: readonly Pick<TrackRows, 'firstRow' | 'rowCount'>[]) {
    this.#bits = new Uint8Array(rowCount);
    let count = 0;
    for (const { firstRow, rowCount: rows } of tracks) {
      this.#bits.fill(1, firstRow, firstRow + rows);
      count += rows;
    }
    this.count = count;
  }

  /** @throws {LeitmotifError} `index-corrupt` about the table of tracks */
  static async read(manifest: GenerationManifest, folder: string): Promise<LiveRows> {
    const { tracks, rowCount } = manifest;
    // Without a table, nothing was dropped.
    if (tracks === undefined) return new LiveRows(rowCount, [{ firstRow: 0, rowCount: liveRowCount(manifest) }]);
    return new LiveRows(rowCount, await readTracks(path.join(folder, tracks.file), tracks));
  }

  has(row: number): boolean {
    return this.#bits[row] === 1;
  }
}
