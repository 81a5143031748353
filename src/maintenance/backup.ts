/** Copies of the catalog, which is all that cannot be made again from the recordings in minutes. Generations come back
 *  from it; the extracts of stored answers do not, and are not worth a backup. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { inspectCatalogFile } from '../catalog/restore.ts';
import { syncFile } from '../io/durable-file.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import type { BackupStore } from '../library/backup-store.ts';

export interface BackupOptions {
  readonly catalog: Catalog;
  readonly store: BackupStore;
  /** The copy is made and checked here before it is stored; made if it is not there. */
  readonly workDir: string;
  /** Backups kept in the store, this one included; null keeps all. */
  readonly keep: number | null;
  readonly now: Date;
  readonly signal: AbortSignal;
}

export interface Backup {
  /** The store's location and the backup's name. */
  readonly location: string;
  readonly bytes: number;
  readonly tracks: number;
  /** Names of older ones that went. */
  readonly removed: readonly string[];
}

const namePattern = /^catalog-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.sqlite$/;

/** By the time it was made, so that names sort as times do. */
export function backupName(now: Date): string {
  return `catalog-${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z.sqlite`;
}

/** Copied aside while others read and write, read again from its first page to its last, and only then stored.
 *  @throws {LeitmotifError} 'disk-full', 'catalog-busy', 'catalog-corrupt' when the catalog itself is damaged; as the store */
export async function backUpCatalog(options: BackupOptions): Promise<Backup> {
  const { catalog, store, workDir, keep, now, signal } = options;
  await makePrivateFolder(workDir);
  const folder = await mkdtemp(path.join(workDir, 'backup-'));
  try {
    const copy = path.join(folder, backupName(now));
    await catalog.backUp(copy);
    signal.throwIfAborted();
    const { tracks } = inspectCatalogFile(copy);
    await syncFile(copy);
    const { size: bytes } = await stat(copy);
    await store.put(backupName(now), copy, { signal });
    const removed = keep === null ? [] : await removeOld(store, keep, signal);
    return { location: `${store.location}/${backupName(now)}`, bytes, tracks, removed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Only what bears the name of a backup is ever removed. */
async function removeOld(store: BackupStore, keep: number, signal: AbortSignal): Promise<string[]> {
  const old = (await backupsIn(store, signal)).slice(0, -Math.max(1, keep));
  for (const name of old) await store.remove(name, { signal });
  return old;
}

/** Names, the oldest first. */
export async function backupsIn(store: BackupStore, signal: AbortSignal): Promise<string[]> {
  return (await store.names({ signal })).filter((name) => namePattern.test(name));
}
