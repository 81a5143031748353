/** One vector for each track of a generation: the mean of its chunks, in each part of the space. Read from the generation's own
 *  files, a track at a time, so that memory does not grow with the library. */
import path from 'node:path';
import { FlatRows } from '../flat-rows.ts';
import type { GenerationManifest } from '../manifest.ts';
import { IndexedRows } from '../rows-file.ts';
import { readTracks } from '../tracks-file.ts';

export interface TrackPlace {
  readonly trackId: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

/** Rows of a track follow each other, and tracks are read in the order of their rows. */
const blockRows = 512;

export class TrackVectors implements AsyncDisposable {
  /** In the order of their rows. */
  readonly tracks: readonly TrackPlace[];
  readonly dimensions: number;
  readonly #parts: readonly { readonly rows: FlatRows; readonly dimensions: number; readonly scale: number }[];

  private constructor(
    tracks: readonly TrackPlace[],
    parts: readonly { readonly rows: FlatRows; readonly dimensions: number; readonly scale: number }[],
  ) {
    this.tracks = tracks;
    this.#parts = parts;
    this.dimensions = parts.reduce((sum, { dimensions }) => sum + dimensions, 0);
  }

  /** @param folder of the generation
   *  @throws {LeitmotifError} `index-corrupt` about a file */
  static async open(folder: string, manifest: GenerationManifest): Promise<TrackVectors> {
    const { parts, shards } = manifest;
    await using opened = new AsyncDisposableStack();
    const files: { rows: FlatRows; dimensions: number; scale: number }[] = [];
    for (const [at, { dimensions, weight }] of parts.entries()) {
      const slices = shards.map(({ rowCount, files: own }) => ({ rowCount, file: own[at]?.file ?? '' }));
      const rows = opened.use(await FlatRows.open({ folder, dimensions, shards: slices, blockRows }));
      files.push({ rows, dimensions, scale: Math.sqrt(weight) });
    }
    const tracks = await placesIn(folder, manifest);
    opened.move();
    return new TrackVectors(tracks, files);
  }

  /** @param target shape [dimensions]; each part is a unit vector times the root of its weight
   *  @throws {LeitmotifError} `index-corrupt` */
  async read({ firstRow, rowCount }: TrackPlace, target: Float32Array): Promise<void> {
    target.fill(0);
    let from = 0;
    for (const { rows, dimensions, scale } of this.#parts) {
      const own = target.subarray(from, from + dimensions);
      for (let row = firstRow; row < firstRow + rowCount; row++) {
        const vector = await rows.at(row);
        for (let at = 0; at < dimensions; at++) own[at] = (own[at] ?? 0) + (vector[at] ?? 0);
      }
      const length = Math.hypot(...own) || 1;
      for (let at = 0; at < dimensions; at++) own[at] = ((own[at] ?? 0) / length) * scale;
      from += dimensions;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { rows } of this.#parts) await rows[Symbol.asyncDispose]();
  }
}

/** Generations without a table of tracks have no dropped rows, and the rows of a track follow each other. */
async function placesIn(folder: string, { tracks, rows, rowCount }: GenerationManifest): Promise<TrackPlace[]> {
  if (tracks) return (await readTracks(path.join(folder, tracks.file), tracks)).sort((a, b) => a.firstRow - b.firstRow);
  const { trackIds } = await IndexedRows.read(path.join(folder, rows.file), rowCount, rows);
  const places: { trackId: number; firstRow: number; rowCount: number }[] = [];
  for (const [row, trackId] of trackIds.entries()) {
    const last = places.at(-1);
    if (last?.trackId === trackId) last.rowCount += 1;
    else places.push({ trackId, firstRow: row, rowCount: 1 });
  }
  return places;
}
