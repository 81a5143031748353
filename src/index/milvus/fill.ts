/** Sends the vectors of a generation's files to collections. */
import path from 'node:path';
import PQueue from 'p-queue';
import { FlatRows, type FlatShard } from '../flat-rows.ts';
import type { GenerationManifest } from '../manifest.ts';
import type { MilvusClient } from './client.ts';

export interface Filling {
  readonly client: MilvusClient;
  readonly collection: string;
  readonly folder: string;
  readonly dimensions: number;
  /** The part's files, in row order. */
  readonly shards: readonly FlatShard[];
  /** The track of each row. */
  readonly trackIds: Uint32Array;
  /** Number of the first row in the collection. */
  readonly firstRow: number;
  /** The collection has no rows yet. */
  readonly isNew: boolean;
  readonly signal: AbortSignal;
}

/** Below the 64 MB that Milvus accepts; larger batches are no faster. */
const batchBytes = 4 * 1024 * 1024;
/** Batches on their way: one is prepared while another is written. */
const batchesAtOnce = 2;

/** @throws {LeitmotifError} `index-unavailable`, `disk-full`, `cancelled` */
export async function fillCollection(filling: Filling): Promise<void> {
  const { client, collection, folder, dimensions, shards, trackIds, firstRow, isNew, signal } = filling;
  const batchRows = Math.max(1, Math.floor(batchBytes / (dimensions * Float32Array.BYTES_PER_ELEMENT)));
  await using files = await FlatRows.open({ folder, dimensions, shards, blockRows: batchRows });
  const queue = new PQueue({ concurrency: batchesAtOnce });
  const failures: unknown[] = [];
  for (let from = 0; from < trackIds.length && failures.length === 0; from += batchRows) {
    signal.throwIfAborted();
    const to = Math.min(from + batchRows, trackIds.length);
    const rows: number[] = [];
    const tracks: number[] = [];
    const vectors: Float32Array[] = [];
    for (let row = from; row < to; row += 1) {
      rows.push(firstRow + row);
      tracks.push(trackIds[row] ?? 0);
      vectors.push((await files.at(row)).slice());
    }
    await queue.onSizeLessThan(1);
    queue
      .add(() => client.write(collection, { rows, tracks, vectors }, { isNew, signal }))
      .catch((error: unknown) => failures.push(error));
  }
  await queue.onIdle();
  if (failures.length > 0) throw failures[0];
}

/** The files of one part, as they are in the manifest before they are sent. */
export function shardsOfPart({ shards }: Pick<GenerationManifest, 'shards'>, part: number): FlatShard[] {
  return shards.map(({ rowCount, files }) => ({ rowCount, file: files[part]?.file ?? '' }));
}

/** Paths of all vector files. */
export function vectorFilesOf({ shards }: Pick<GenerationManifest, 'shards'>, folder: string): string[] {
  return shards.flatMap(({ files }) => files.map(({ file }) => path.join(folder, file)));
}
