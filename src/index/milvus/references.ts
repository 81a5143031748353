/** `references-*.bin`: vectors of the reference rows (ranking/hubs.ts) of one part, as the catalog has them. Little-endian
 *  float32, row after row: 3 MB at most. With them the server is compared after each connection, and the hubs of added rows are
 *  measured although the base's vectors are not on this machine. */
import path from 'node:path';
import { type FileRecord, HashedFile, readWritten } from '../../io/durable-file.ts';
import { referenceRows } from '../../ranking/hubs.ts';
import { rowBytes } from '../flat-file.ts';
import { FlatRows, type FlatShard } from '../flat-rows.ts';
import type { GenerationManifest } from '../manifest.ts';
import type { LiveRows } from './live-rows.ts';

export interface ReferenceVectors {
  /** Ascending. */
  readonly rows: readonly number[];
  /** Shape [rows][dimensions]. */
  readonly vectors: readonly Float32Array[];
}

/** @param shards the part's files in `folder`, with all rows of the base */
export async function writeReferences(
  folder: string,
  name: string,
  part: { readonly dimensions: number; readonly shards: readonly FlatShard[]; readonly rowCount: number },
): Promise<FileRecord & { file: string }> {
  const file = `references-${name}.bin`;
  const written = await HashedFile.create(path.join(folder, file));
  try {
    await using rows = await FlatRows.open({ folder, ...part });
    for (const vector of await rows.all(referenceRows(part.rowCount))) await written.write(rowBytes(vector));
    return { file, ...(await written.finish()) };
  } finally {
    await written.abandon();
  }
}

/** @returns for each part
 *  @throws {LeitmotifError} `index-corrupt` if a file is missing or was changed after it was written */
export async function readReferenceVectors(manifest: GenerationManifest, folder: string): Promise<ReferenceVectors[]> {
  const rows = referenceRows((manifest.base ?? manifest).rowCount);
  const { references = [] } = manifest.milvus ?? {};
  return Promise.all(
    manifest.parts.map(async ({ dimensions }, part) => {
      const record = references[part];
      if (record === undefined) throw new RangeError('Cannot read references: a part has none');
      const bytes = await readWritten(path.join(folder, record.file), record);
      const values = new Float32Array(Uint8Array.from(bytes).buffer);
      return { rows, vectors: rows.map((_, at) => values.subarray(at * dimensions, (at + 1) * dimensions)) };
    }),
  );
}

/** Those of rows that the generation still has, and that have a direction: rows to compare the server with.
 *  @throws as readReferenceVectors */
export async function presentReferences(
  manifest: GenerationManifest,
  folder: string,
  live: LiveRows,
): Promise<ReferenceVectors[]> {
  return (await readReferenceVectors(manifest, folder)).map(({ rows, vectors }) => {
    const isUsable = (row: number, at: number) => live.has(row) && (vectors[at]?.some((value) => value !== 0) ?? false);
    return { rows: rows.filter(isUsable), vectors: vectors.filter((_, at) => isUsable(rows[at] ?? -1, at)) };
  });
}

/** Places of at most `countMax` of `total` items, spread evenly. */
export function evenPlaces(total: number, countMax: number): number[] {
  const count = Math.min(countMax, total);
  return Array.from({ length: count }, (_, at) => Math.floor((at * total) / count));
}
