/** Backups in a local or mounted folder. */
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import { syncFile, writeAtomically } from '../io/durable-file.ts';
import { makePrivateFolder, makePrivateSync } from '../io/private-files.ts';
import type { BackupStore, StoredFile } from '../library/backup-store.ts';

export class FolderBackups implements BackupStore {
  readonly location: string;
  readonly #folder: string;

  /** @param folder created if missing */
  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.location = `file:${this.#folder}`;
  }

  async put(name: string, from: string): Promise<void> {
    await orReason(this.#folder, () => makePrivateFolder(this.#folder));
    const file = path.join(this.#folder, name);
    const write = async (partial: string): Promise<void> => {
      await orReason(file, () => moveOrCopy(from, partial));
      makePrivateSync(partial);
      await syncFile(partial);
    };
    await writeAtomically(file, write, { partial: `${file}.partial`, isDurable: true });
  }

  async files(): Promise<StoredFile[]> {
    const names = (await readdir(this.#folder).catch(() => [] as string[])).sort();
    const sizes = await Promise.all(names.map((name) => stat(path.join(this.#folder, name)).catch(() => null)));
    return names.flatMap((name, i) => (sizes[i]?.isFile() ? [{ name, sizeBytes: sizes[i].size }] : []));
  }

  async fetch(name: string, to: string): Promise<void> {
    await orReason(path.join(this.#folder, name), () => copyFile(path.join(this.#folder, name), to));
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.#folder, name), { force: true });
  }
}

async function moveOrCopy(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EXDEV') throw error;
    await copyFile(from, to);
  }
}

async function orReason<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await withDiskFullError(file, work);
  } catch (cause) {
    if (cause instanceof LeitmotifError) throw cause;
    throw new LeitmotifError('file-unreadable', `Cannot use ${file}: ${(cause as Error).message}`, { cause });
  }
}
