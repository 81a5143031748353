/** Clips in a folder: for a library on a slow disk, or for a folder that another program serves. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { toLeitmotifError } from '../errors.ts';
import { copyAtomically } from '../io/copy-atomically.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import type { ClipStore } from './clip-store.ts';
import type { LocalFile } from './library.ts';

export class FolderClips implements ClipStore {
  readonly location: string;
  readonly #root: string;

  constructor(root: string) {
    this.#root = path.resolve(root);
    this.location = `file:${this.#root}`;
  }

  /** Atomic: copies to a temporary file and renames it. */
  async put(name: string, from: string, { signal }: { signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    const target = path.join(this.#root, name);
    try {
      await withDiskFullError(target, () => mkdir(path.dirname(target), { recursive: true }));
      await copyAtomically(from, target);
    } catch (error) {
      throw toLeitmotifError(error);
    }
  }

  async fetch(name: string): Promise<LocalFile | null> {
    const file = path.join(this.#root, name);
    const found = await stat(file).catch(() => null);
    return found?.isFile() ? { path: file, [Symbol.asyncDispose]: async () => {} } : null;
  }

  async *names(): AsyncGenerator<string, void, undefined> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isFile()) yield path.relative(this.#root, path.join(entry.parentPath, entry.name));
    }
  }

  async removeAll(contentSha256: string): Promise<number> {
    const folder = path.join(this.#root, contentSha256);
    const names = await readdir(folder).catch(() => []);
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      throw toLeitmotifError(error);
    });
    return names.length;
  }
}
