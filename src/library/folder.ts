/** A folder of recordings, with everything below it.
 *
 *  Links: a link to a file below the root is followed; a link to the outside or to nothing is reported. A link to a folder
 *  is never followed: folders below the root are listed at their own place, so there are no loops and no duplicates, and
 *  links to outside folders are reported.
 *  Names: keys and ffmpeg's arguments are text, so a name that is not UTF-8 is reported and not read.
 */

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { LeitmotifError } from '../errors.ts';
import { formatBytes } from '../format.ts';
import { hashOf } from '../io/hash.ts';
import { fileProblem } from './file-problem.ts';
import { walk } from './folder-walk.ts';
import type { HashedLocalFile, Library, Listed, ListedFile, ListOptions, LocalFile, SeekableFile } from './library.ts';

export class FolderLibrary implements Library {
  readonly location: string;
  readonly #root: string;

  readonly #bytesMax: number;

  /** @param root path of the folder; relative to the working directory if it is not absolute
   *  @param limits.bytesMax larger files are refused before they are read; unset: none */
  constructor(root: string, { bytesMax = Number.POSITIVE_INFINITY }: { readonly bytesMax?: number } = {}) {
    this.#root = path.resolve(root);
    this.#bytesMax = bytesMax;
    this.location = `file:${this.#root}`;
  }

  async *list(options: ListOptions = {}): AsyncIterable<Listed> {
    yield* walk(await this.#realRoot(), options);
  }

  async #realRoot(): Promise<string> {
    try {
      const root = await realpath(this.#root);
      if ((await stat(root)).isDirectory()) return root;
    } catch (cause) {
      throw new LeitmotifError(
        'file-unreadable',
        `Cannot list ${this.#root}: ${fileProblem(cause, { ENOENT: 'there is no such folder' })}`,
        { cause },
      );
    }
    throw new LeitmotifError('file-unreadable', `Cannot list ${this.#root}: expected a folder, got a file`);
  }

  async look(key: string): Promise<ListedFile | null> {
    const found = await stat(this.#pathOf(key)).catch(() => null);
    if (found === null || !found.isFile()) return null;
    return { type: 'file', key, sizeBytes: found.size, mtimeMs: found.mtimeMs, etag: null };
  }

  read(key: string, { signal }: { signal?: AbortSignal } = {}): Readable {
    // Blocks of 1 MiB: with the default of 64 kB, round trips would limit the speed of hashing.
    return createReadStream(this.#pathOf(key), { highWaterMark: 1024 * 1024, ...(signal && { signal }) });
  }

  async take({ key, sizeBytes }: ListedFile, options: { signal?: AbortSignal } = {}): Promise<HashedLocalFile> {
    if (sizeBytes > this.#bytesMax) throw tooLarge(sizeBytes, this.#bytesMax);
    return { ...(await this.localFile(key)), contentSha256: await hashOf(this.read(key, options)) };
  }

  async localFile(key: string): Promise<LocalFile> {
    return { path: this.#pathOf(key), [Symbol.asyncDispose]: async () => {} };
  }

  async seekable(key: string): Promise<SeekableFile> {
    return { ...(await this.localFile(key)), overLoopback: false, hasConstantRate: false };
  }

  /** Keys come from the listing through the catalog; rejects a key that leads out of the root. */
  #pathOf(key: string): string {
    const full = path.join(this.#root, key);
    const below = path.relative(this.#root, full);
    const isOutside = below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below);
    if (key.includes('\0') || below === '' || isOutside) {
      throw new LeitmotifError('file-unreadable', `Cannot open ${JSON.stringify(key)}: it is not below ${this.#root}`);
    }
    return full;
  }
}

function tooLarge(bytes: number, bytesMax: number): LeitmotifError {
  const message = `This file is too large: ${formatBytes(bytes)}, at most ${formatBytes(bytesMax)} are accepted`;
  return new LeitmotifError('audio-too-large', message, { facts: { bytesMax } });
}
