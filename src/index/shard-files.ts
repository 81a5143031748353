/** The files of a generation's shards, as the index opens them. */
import path from 'node:path';
import type { SpacePart } from '../ranking/space-parts.ts';
import type { ShardFiles } from './index-shard.ts';
import type { GenerationManifest } from './manifest.ts';

/** @param folder of the generation */
export function shardFilesOf(
  { shards, parts }: { readonly shards: GenerationManifest['shards']; readonly parts: readonly SpacePart[] },
  folder: string,
): ShardFiles[] {
  return shards.map(({ rowCount, files }) => ({
    rowCount,
    files: files.map(({ file, ...record }, part) => ({
      ...record,
      path: path.join(folder, file),
      dimensions: parts[part]?.dimensions ?? 0,
    })),
  }));
}
