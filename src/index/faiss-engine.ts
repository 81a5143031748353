/** The embedded engine: vectors are files of the generation's folder, searched by FAISS processes on this machine. */
import path from 'node:path';
import { writeDelta } from './delta-writer.ts';
import type { EngineHealth, EngineStatistics, IndexEngine, OpenIndexOptions, PartRows, Swept } from './engine.ts';
import { FaissIndex } from './faiss-index.ts';
import { FlatRows } from './flat-rows.ts';
import { writeGeneration } from './generation-writer.ts';
import type { OpenShard } from './index-shard.ts';
import type { GenerationManifest } from './manifest.ts';
import { shardFilesOf } from './shard-files.ts';
import { droppedRows, readTracks } from './tracks-file.ts';
import type { OpenIndex } from './vector-index.ts';

/** Vectors that are read at once. */
const blockRows = 512;

/** With processes of its own. */
export const faissEngine: IndexEngine = faissEngineWith(undefined);

/** @param openShard opens the shards of generations that are searched; undefined: each with a child of this process */
export function faissEngineWith(openShard: OpenShard | undefined): IndexEngine {
  return {
    name: 'faiss',
    baseRowsMin: undefined,
    write: writeGeneration,
    change: writeDelta,
    open: (manifest, folder, options) => open(manifest, folder, options, openShard),
    rows,
    // All files are in the folder, whose files are checked with the manifest.
    check: async () => {},
    // A pruned generation's folder takes its vectors along.
    sweep: async (): Promise<Swept[]> => [],
    health: async (): Promise<EngineHealth> => ({ ok: true, about: 'FAISS in processes on this machine' }),
    statistics: async ({ rowCount }): Promise<EngineStatistics> => ({ rows: rowCount, indexType: 'FLAT', recall: 1 }),
    close: async () => {},
  };
}

async function open(
  manifest: GenerationManifest,
  folder: string,
  options: OpenIndexOptions,
  openShard: OpenShard | undefined,
): Promise<OpenIndex> {
  const { limits, onEvent, oneByOne, reuse } = options;
  const { base, tracks: file, dimensions, parts, shards } = manifest;
  const tracks = base && file ? await readTracks(path.join(folder, file.file), file) : null;
  return FaissIndex.open({
    ...{ dimensions, parts, shards: shardFilesOf(manifest, folder), limits, onEvent },
    oneByOne: oneByOne ?? false,
    dropped: tracks ? droppedRows(tracks, shards) : undefined,
    reuse: reuse instanceof FaissIndex ? reuse : undefined,
    openShard,
  });
}

async function rows({ parts, shards }: GenerationManifest, folder: string, part: number): Promise<PartRows> {
  const slices = shards.map(({ rowCount, files }) => ({ rowCount, file: files[part]?.file ?? '' }));
  return FlatRows.open({ folder, dimensions: parts[part]?.dimensions ?? 0, shards: slices, blockRows });
}
