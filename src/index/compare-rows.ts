/** Finds the unchanged tracks of a generation that has no table of tracks (it was written before there was one), by comparing
 *  all of its rows with the catalog's: some seconds, once. */
import path from 'node:path';
import { writePart } from '../ranking/space-parts.ts';
import { FlatRows } from './flat-rows.ts';
import type { GenerationManifest } from './manifest.ts';
import type { IndexedRow } from './row-writer.ts';
import { IndexedRows } from './rows-file.ts';
import type { TrackRows, TrackState } from './tracks-file.ts';

export interface RowComparison {
  readonly from: GenerationManifest;
  /** Of the generation. */
  readonly folder: string;
  readonly tracks: readonly TrackState[];
  readonly rowsOf: (trackIds: readonly number[]) => Iterable<IndexedRow>;
}

const blockRows = 1000;

/** @returns the tracks whose rows are the same, with the catalog's states, in no particular order
 *  @throws {LeitmotifError} `index-corrupt` */
export async function tracksByContent({ from, folder, tracks, rowsOf }: RowComparison): Promise<TrackRows[]> {
  const table = await IndexedRows.read(path.join(folder, from.rows.file), from.rowCount, from.rows);
  const same = placesIn(table.trackIds, tracks);
  await using stack = new AsyncDisposableStack();
  const parts: { files: FlatRows; values: Float32Array; part: (typeof from.parts)[number] }[] = [];
  for (const [at, part] of from.parts.entries()) {
    const shards = from.shards.map(({ rowCount, files }) => ({ rowCount, file: files[at]?.file ?? '' }));
    const files = stack.use(await FlatRows.open({ folder, shards, dimensions: part.dimensions, blockRows }));
    parts.push({ files, values: new Float32Array(part.dimensions), part });
  }
  const seen = new Map<number, number>();
  for (const { chunk, vector } of rowsOf([...same.keys()])) {
    const { trackId } = chunk;
    const nth = seen.get(trackId) ?? 0;
    seen.set(trackId, nth + 1);
    const place = same.get(trackId);
    if (place === undefined) continue;
    const row = place.firstRow + nth;
    let isSame = nth < place.rowCount && isEqual(table.chunk(row), chunk);
    for (const { files, values, part } of parts) {
      if (!isSame) break;
      writePart(vector, part, values);
      isSame = Buffer.compare(bytesOf(values), bytesOf(await files.at(row))) === 0;
    }
    if (!isSame) same.delete(trackId);
  }
  return [...same.values()].filter(({ trackId, rowCount }) => seen.get(trackId) === rowCount);
}

/** The tracks that have as many rows in the table as in the catalog. */
function placesIn(trackIds: Uint32Array, tracks: readonly TrackState[]): Map<number, TrackRows> {
  const places = new Map<number, { firstRow: number; rowCount: number }>();
  for (const [row, trackId] of trackIds.entries()) {
    const place = places.get(trackId);
    if (place === undefined) places.set(trackId, { firstRow: row, rowCount: 1 });
    else place.rowCount += 1;
  }
  return new Map(
    tracks.flatMap((track) => {
      const place = places.get(track.trackId);
      return place?.rowCount === track.rowCount ? [[track.trackId, { ...track, ...place }] as const] : [];
    }),
  );
}

function isEqual(a: object, b: object): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
