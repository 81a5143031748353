/** Copies of the catalog, which is all that cannot be made again from the recordings in minutes. Generations come back
 *  from it; the extracts of stored answers do not, and are not worth a backup. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { inspectCatalogFile } from '../catalog/restoring.ts';
import { syncFile, syncFolder } from '../search/durable-file.ts';

export interface BackupOptions {
  readonly catalog: Catalog;
  /** Made if it is not there. */
  readonly folder: string;
  /** Backups kept there, this one included; null keeps all. */
  readonly keep: number | null;
  readonly now: Date;
}

export interface Backup {
  readonly path: string;
  readonly bytes: number;
  readonly tracks: number;
  /** Older ones that went. */
  readonly removed: readonly string[];
}

const namePattern = /^catalog-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.sqlite$/;

/** By the time it was made, so that names sort as times do. */
export function backupName(now: Date): string {
  return `catalog-${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z.sqlite`;
}

/** Copied aside while others read and write, read again from its first page to its last, and only then named.
 *  @throws {LeitmotifError} 'disk-full', 'catalog-busy', 'catalog-corrupt' when the catalog itself is damaged */
export async function backUpCatalog({ catalog, folder, keep, now }: BackupOptions): Promise<Backup> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, backupName(now));
  // Of this process alone, should two make one in the same second.
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    await catalog.backUp(partial);
    const { tracks } = inspectCatalogFile(partial);
    await syncFile(partial);
    await rename(partial, file);
    await syncFolder(folder);
    const removed = keep === null ? [] : await removeOld(folder, keep);
    return { path: file, bytes: (await stat(file)).size, tracks, removed };
  } finally {
    for (const end of ['', '-wal', '-shm', '-journal']) await rm(partial + end, { force: true });
  }
}

/** Only what bears the name of a backup is ever removed. */
async function removeOld(folder: string, keep: number): Promise<string[]> {
  const old = (await backupsIn(folder)).slice(0, -Math.max(1, keep));
  for (const file of old) await rm(file);
  return old;
}

/** The oldest first; none for a folder that is not there. */
export async function backupsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names
    .filter((name) => namePattern.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}
