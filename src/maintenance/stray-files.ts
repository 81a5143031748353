/** Removes stray files from the index folder: leftovers of killed processes. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { LeitmotifError } from '../errors.ts';
import type { IndexEngines } from '../index/engine.ts';
import { generationsFolder, pruneGenerations, readCurrent, sweepPartials } from '../index/generation-folder.ts';
import { folderBytes } from '../io/folder-bytes.ts';

export interface Stray {
  /** Relative to the index folder. */
  readonly path: string;
  readonly bytes: number;
}

/** Temporary files that a writer renames when complete. */
const unfinished = /\.(partial|part)(-wal|-shm|-journal)?$/;
/** A younger file may belong to a running command. */
const restingMs = 3_600_000;

/** Deletes generations that no CURRENT names, incomplete generations, and abandoned temporary files. The caller holds the
 *  index lock, because a generation in progress looks the same.
 *  @returns the deleted files and folders */
export async function removeStrays(indexDir: string, nowMs: number): Promise<Stray[]> {
  const removed: Stray[] = [];
  for (const folder of await spaceFolders(indexDir)) {
    const before = await sizesOf(folder);
    const names = [...(await sweepPartials(folder)), ...(await prunedIn(folder))];
    for (const name of names)
      removed.push({ path: path.relative(indexDir, path.join(folder, name)), bytes: before.get(name) ?? 0 });
  }
  for (const folder of [indexDir, path.join(indexDir, 'backups')]) {
    for (const name of (await namesIn(folder)).filter((name) => unfinished.test(name))) {
      const file = path.join(folder, name);
      const { size, mtimeMs } = await stat(file);
      if (nowMs - mtimeMs < restingMs) continue;
      await rm(file, { force: true });
      removed.push({ path: path.relative(indexDir, file), bytes: size });
    }
  }
  return removed;
}

/** Deletes what a server still holds of generations that no CURRENT names. The caller holds the index lock.
 *  @returns nothing while the server does not answer: the next tidy deletes it */
export async function removeStrayVectors(
  indexDir: string,
  catalog: Catalog,
  engines: IndexEngines | undefined,
): Promise<Stray[]> {
  if (engines?.milvus === undefined) return [];
  const removed: Stray[] = [];
  try {
    for (const { spaceId } of catalog.spaces.list()) {
      const swept = await engines.milvus.sweep({ indexDir, spaceId, catalogId: catalog.id });
      removed.push(...swept.map(({ what, bytes }) => ({ path: what, bytes })));
    }
  } catch (error) {
    if (!(error instanceof LeitmotifError)) throw error;
  }
  return removed;
}

/** Prunes nothing when CURRENT is damaged, because the generations that it named are unknown. */
async function prunedIn(folder: string): Promise<string[]> {
  try {
    return (await readCurrent(folder)).length === 0 ? [] : await pruneGenerations(folder);
  } catch (error) {
    if (error instanceof LeitmotifError && error.code === 'index-corrupt') return [];
    throw error;
  }
}

async function spaceFolders(indexDir: string): Promise<string[]> {
  const root = generationsFolder(indexDir);
  return (await namesIn(root)).map((name) => path.join(root, name));
}

async function sizesOf(folder: string): Promise<Map<string, number>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return new Map(
    await Promise.all(folders.map(async (name) => [name, await folderBytes(path.join(folder, name))] as const)),
  );
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
