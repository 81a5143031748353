/** Publishes a generation: written into a `.partial` folder, renamed, and only then named in CURRENT.
 *
 *  After a kill, a full disk or an error at any moment the old generation is still current, and at most a `.partial`
 *  folder is left, which the next writer removes.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import { replaceFile, syncFolder } from '../io/durable-file.ts';
import {
  exists,
  partialFolder,
  pruneGenerations,
  readCurrent,
  spaceFolder,
  sweepPartials,
  writeCurrent,
} from './generation-folder.ts';
import { formatManifest, type GenerationManifest, manifestName } from './manifest.ts';
import { verifyGeneration } from './verify-generation.ts';

export interface Publication {
  readonly indexDir: string;
  readonly spaceId: string;
  /** Number of generations kept, including the new one. */
  readonly keep?: number;
  readonly signal: AbortSignal;
}

/** @param writeFiles writes all files but the manifest into the folder, synced and read back; the manifest gets its final id
 *    later
 *  @returns the manifest of the current generation, which is an older one if its content is equal
 *  @throws {LeitmotifError} `cancelled`, and as `writeFiles` */
export async function publishGeneration(
  { indexDir, spaceId, keep = 2, signal }: Publication,
  writeFiles: (partial: string) => Promise<GenerationManifest>,
): Promise<GenerationManifest> {
  const folder = spaceFolder(indexDir, spaceId);
  await withDiskFullError(folder, () => mkdir(folder, { recursive: true }));
  await sweepPartials(folder);
  const partial = partialFolder(folder, randomUUID());
  try {
    await withDiskFullError(partial, () => mkdir(partial));
    const manifest = await writeFiles(partial);
    const kept = await keepOrRename(folder, partial, manifest);
    await makeCurrent(folder, kept.id, keep);
    return kept;
  } catch (error) {
    if (signal.aborted) throw new LeitmotifError('cancelled', 'Writing the index was cancelled', { cause: error });
    throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Renames the partial folder to the generation's id.
 *
 *  An existing folder of this name is never overwritten, because CURRENT may name it. If it is intact and of the same
 *  catalog, it is kept; otherwise (damaged, or of another catalog) the new generation gets a number after its id.
 */
async function keepOrRename(
  folder: string,
  partial: string,
  manifest: GenerationManifest,
): Promise<GenerationManifest> {
  for (let attempt = 1; ; attempt += 1) {
    const id = attempt === 1 ? manifest.id : `${manifest.id}-${attempt}`;
    const target = path.join(folder, id);
    if (!(await exists(target))) {
      const named = { ...manifest, id };
      await replaceFile(path.join(partial, manifestName), formatManifest(named));
      await withDiskFullError(target, () => rename(partial, target));
      await syncFolder(folder);
      return named;
    }
    // A damaged generation counts as a different one.
    const there = await verifyGeneration(target).catch(() => null);
    if (there?.catalogId === manifest.catalogId && there.content === manifest.content && isInFolder(there, manifest))
      return there;
  }
}

/** Vectors in a server may be gone although the folder is intact, and the new generation brings its own. */
function isInFolder(...manifests: readonly GenerationManifest[]): boolean {
  return manifests.every(({ milvus }) => milvus === undefined);
}

async function makeCurrent(folder: string, id: string, keep: number): Promise<void> {
  const before = await readCurrent(folder).catch(() => []);
  const ids = [id, ...before.filter((other) => other !== id)];
  await writeCurrent(folder, ids.slice(0, Math.max(1, keep)));
  await pruneGenerations(folder);
}
