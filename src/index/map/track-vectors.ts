/** One vector for each track of a generation: the mean of its chunks, in each part of the space. Read from the engine that has
 *  them, a track at a time, so that memory does not grow with the library. */
import path from 'node:path';
import type { IndexEngine, PartRows } from '../engine.ts';
import type { GenerationManifest } from '../manifest.ts';
import { IndexedRows } from '../rows-file.ts';
import { readTracks } from '../tracks-file.ts';

export interface TrackPlace {
  readonly trackId: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

export interface VectorsInput {
  readonly engine: Pick<IndexEngine, 'rows'>;
  /** Of the generation. */
  readonly folder: string;
  readonly manifest: GenerationManifest;
  readonly signal: AbortSignal;
}

interface OpenPart {
  readonly rows: PartRows;
  readonly dimensions: number;
  readonly scale: number;
}

export class TrackVectors implements AsyncDisposable {
  /** In the order of their rows. */
  readonly tracks: readonly TrackPlace[];
  readonly dimensions: number;
  readonly #parts: readonly OpenPart[];

  private constructor(tracks: readonly TrackPlace[], parts: readonly OpenPart[]) {
    this.tracks = tracks;
    this.#parts = parts;
    this.dimensions = parts.reduce((sum, { dimensions }) => sum + dimensions, 0);
  }

  /** @throws {LeitmotifError} `index-corrupt` about a file or collection, `index-unavailable` */
  static async open({ engine, folder, manifest, signal }: VectorsInput): Promise<TrackVectors> {
    await using opened = new AsyncDisposableStack();
    const parts: OpenPart[] = [];
    for (const [at, { dimensions, weight }] of manifest.parts.entries()) {
      const rows = opened.use(await engine.rows(manifest, folder, at, signal));
      parts.push({ rows, dimensions, scale: Math.sqrt(weight) });
    }
    const tracks = await placesIn(folder, manifest);
    opened.move();
    return new TrackVectors(tracks, parts);
  }

  /** @param target shape [dimensions]; each part is a unit vector times the root of its weight
   *  @throws {LeitmotifError} `index-corrupt`, `index-unavailable`, `cancelled` */
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
