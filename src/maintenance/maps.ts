/** Maps of the library on the disk: damaged ones, and those of spaces without a generation, are deleted. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists, generationsFolder } from '../index/generation-folder.ts';
import { readMap } from '../index/map/map-file.ts';

/** @returns one sentence for each map that is gone */
export async function removeDamagedMaps(indexDir: string): Promise<string[]> {
  const root = path.join(indexDir, 'maps');
  const gone: string[] = [];
  for (const name of await readdir(root).catch(() => [] as string[])) {
    const folder = path.join(root, name);
    const why = await problemOf(folder, path.join(generationsFolder(indexDir), name));
    if (why === null) continue;
    await rm(folder, { recursive: true, force: true });
    gone.push(`the map maps/${name} is gone: ${why}`);
  }
  return gone;
}

async function problemOf(folder: string, generations: string): Promise<string | null> {
  if (!(await exists(generations))) return 'its space has no generation';
  try {
    await readMap(path.join(folder, 'map.bin'));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
