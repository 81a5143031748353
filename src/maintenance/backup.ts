/** Backs up the catalog, the only data that cannot be restored in minutes. Generations are rebuilt from it; the extracts of
 *  stored answers are not part of a backup. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { inspectCatalogFile } from '../catalog/restore.ts';
import { syncFile } from '../io/durable-file.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import type { BackupStore, StoredFile } from '../library/backup-store.ts';

export interface BackupOptions {
  readonly catalog: Catalog;
  readonly store: BackupStore;
  /** Folder for the copy until it is verified and stored; created if missing. */
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
  /** Names of deleted older backups. */
  readonly removed: readonly string[];
}

/** Older versions wrote names without milliseconds. */
const namePattern = /^catalog-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)(-\d{3})?Z\.sqlite$/;

/** Contains the time to the millisecond: two backups within one second are two files. */
export function backupName(now: Date): string {
  return `catalog-${now.toISOString().replaceAll(/[:.]/g, '-')}.sqlite`;
}

/** Sorts by time, also names with and without milliseconds. */
function sortKey(name: string): string {
  const [, second = '', millisecond = '-000'] = namePattern.exec(name) ?? [];
  return second + millisecond;
}

/** Copies the catalog while other processes use it, verifies every page of the copy, and then stores it.
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

/** Deletes only files with the name of a backup. */
async function removeOld(store: BackupStore, keep: number, signal: AbortSignal): Promise<string[]> {
  const old = (await backupsIn(store, signal)).slice(0, -Math.max(1, keep)).map(({ name }) => name);
  for (const name of old) await store.remove(name, { signal });
  return old;
}

export interface StoredBackup extends StoredFile {
  /** When it was made, by its name. */
  readonly madeAtMs: number;
}

/** The backups of a store, oldest first. */
export async function backupsIn(store: BackupStore, signal: AbortSignal): Promise<StoredBackup[]> {
  const files = (await store.files({ signal })).filter(({ name }) => namePattern.test(name));
  return files
    .sort((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1))
    .map((file) => ({ ...file, madeAtMs: timeOf(file.name) }));
}

function timeOf(name: string): number {
  const [, second = '', millisecond = '-000'] = namePattern.exec(name) ?? [];
  const [day = '', time = ''] = second.split('T');
  return Date.parse(`${day}T${time.replaceAll('-', ':')}${millisecond.replace('-', '.')}Z`);
}
