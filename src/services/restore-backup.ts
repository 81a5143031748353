/** Restores the catalog from a backup. Needs no App, because the current catalog may be too damaged to open. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import { IndexLock } from '../indexing/lock.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import type { LocalFile } from '../library/library.ts';
import { backUpCatalog } from '../maintenance/backup.ts';
import { FolderBackups } from '../maintenance/folder-backups.ts';
import { type Restored, restoreCatalog } from '../maintenance/restore.ts';
import { indexPathsOf, makeIndexDir } from './index-paths.ts';
import { openBackupStore } from './libraries.ts';

/** Replaces the catalog with a backup, after backing up the current one. Programs that have it open continue with the
 *  restored one. Generations are rebuilt by the caller (`GenerationService.rebuildAll`).
 *  @param backup a file, or azure://account/container/prefix/name, or the name of a backup in BACKUPS
 *  @throws {LeitmotifError} as restoreCatalog and the store; 'index-locked' during an index run */
export async function restoreBackup(config: Config, backup: string, signal: AbortSignal): Promise<Restored> {
  await makeIndexDir(config);
  const paths = indexPathsOf(config);
  const saveCurrent = async () => {
    using catalog = new Catalog(paths.catalog);
    const store = new FolderBackups(paths.backups);
    const options = { catalog, store, workDir: paths.backupWork, keep: null, now: new Date(), signal };
    return (await backUpCatalog(options)).location.slice('file:'.length);
  };
  using _lock = new IndexLock(paths.lock);
  await using file = await fetchBackup(config, backup, signal);
  return await restoreCatalog(file.path, paths.catalog, new Date(), saveCurrent);
}

/** A backup as a local file, downloaded first if it is elsewhere. */
async function fetchBackup(config: Config, backup: string, signal: AbortSignal): Promise<LocalFile> {
  const file = path.resolve(backup.replace(/^file:/, ''));
  const isInStore = backup.startsWith('azure:') || (!existsSync(file) && path.basename(backup) === backup);
  if (!isInStore) return { path: file, [Symbol.asyncDispose]: async () => {} };
  const slash = backup.lastIndexOf('/');
  const store = slash < 0 ? openBackupStore(config) : openBackupStore(config, backup.slice(0, slash));
  const { backupWork } = indexPathsOf(config);
  await makePrivateFolder(backupWork);
  const folder = await mkdtemp(path.join(backupWork, 'restore-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const fetched = path.join(folder, 'backup.sqlite');
    await store.fetch(backup.slice(slash + 1), fetched, { signal });
    return { path: fetched, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
