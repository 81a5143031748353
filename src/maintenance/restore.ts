/** Restores the catalog from a backup. The caller holds the index lock. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { type CatalogFacts, highestIds, inspectCatalogFile, replaceCatalog } from '../catalog/restore.ts';
import { LeitmotifError } from '../errors.ts';

export interface Restored {
  readonly backup: CatalogFacts;
  /** Location of the replaced catalog; null when there was none. */
  readonly before: string | null;
}

/** @param saveBefore backs up the current catalog if it is readable; returns the location
 *  @throws {LeitmotifError} 'file-unreadable', 'catalog-corrupt' or 'catalog-version' for the backup, then nothing was
 *    changed; 'catalog-busy', 'disk-full' */
export async function restoreCatalog(
  backup: string,
  catalogPath: string,
  now: Date,
  saveBefore: () => Promise<string>,
): Promise<Restored> {
  if (!existsSync(backup)) {
    throw new LeitmotifError('file-unreadable', `Cannot restore ${backup}: there is no such file`);
  }
  if (path.resolve(backup) === path.resolve(catalogPath)) {
    throw new LeitmotifError('config-invalid', `Cannot restore ${backup}: it is the catalog itself`);
  }
  const facts = inspectCatalogFile(backup);
  const given = highestIds(catalogPath);
  const before = await moveAside(catalogPath, now, saveBefore);
  await replaceCatalog(backup, catalogPath, given);
  return { backup: facts, before };
}

/** Copies a readable catalog, so that programs that have it open continue with the restored one. Moves a damaged catalog
 *  away. */
async function moveAside(catalogPath: string, now: Date, saveBefore: () => Promise<string>): Promise<string | null> {
  if (!existsSync(catalogPath)) return null;
  try {
    inspectCatalogFile(catalogPath);
    return await saveBefore();
  } catch (error) {
    const isDamaged = error instanceof LeitmotifError && ['catalog-corrupt', 'catalog-version'].includes(error.code);
    if (!isDamaged) throw error;
    const aside = `${catalogPath}.damaged-${now.getTime()}`;
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(catalogPath + end)) await rename(catalogPath + end, aside + end);
    }
    return aside;
  }
}
