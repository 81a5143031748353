/** Durable files: hashed while they are written, synced, read back, and replaced atomically.
 *
 *  A full or failing disk or a quota may report success and drop the write later. Only reading the file back shows that.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { corruptIndexFile } from './corrupt-index.ts';
import { withDiskFullError } from './disk-full.ts';

export interface FileRecord {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

const bufferBytes = 1024 * 1024;

/** Writes a file sequentially through a buffer. */
export class HashedFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #buffer = new Uint8Array(bufferBytes);
  #buffered = 0;
  #bytes = 0;

  private constructor(file: string, handle: FileHandle) {
    this.#path = file;
    this.#handle = handle;
  }

  static async create(file: string): Promise<HashedFile> {
    return new HashedFile(file, await withDiskFullError(file, () => open(file, 'w')));
  }

  /** The caller may reuse `bytes` after this resolves.
   *  @throws {LeitmotifError} `disk-full` */
  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + bufferBytes - this.#buffered);
      this.#buffer.set(part, this.#buffered);
      this.#buffered += part.length;
      from += part.length;
      if (this.#buffered === bufferBytes) await this.#flush();
    }
  }

  /** Flushes, syncs and closes the file. */
  async finish(): Promise<FileRecord> {
    await this.#flush();
    await withDiskFullError(this.#path, () => this.#handle.sync());
    await this.#handle.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Closes the file if `finish` has not. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const filled = this.#buffer.subarray(0, this.#buffered);
    this.#hash.update(filled);
    for (let from = 0; from < filled.length; ) {
      const { bytesWritten } = await withDiskFullError(this.#path, () => this.#handle.write(filled, from));
      from += bytesWritten;
    }
    this.#bytes += filled.length;
    this.#buffered = 0;
  }
}

/** Hashes a file, or the part from `fromByte` on.
 *  @throws the signal's reason */
export async function hashFile(file: string, fromByte = 0, signal?: AbortSignal): Promise<FileRecord> {
  const handle = await open(file, 'r');
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    const stream = handle.createReadStream({ start: fromByte, highWaterMark: bufferBytes, autoClose: false });
    for await (const part of stream as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      hash.update(part);
      bytes += part.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** @throws {LeitmotifError} `disk-full` for a file that is too short, `index-corrupt` when the content differs;
 *    the signal's reason */
export async function assertWritten(file: string, written: FileRecord, signal?: AbortSignal): Promise<void> {
  const { size } = await stat(file);
  if (size < written.bytes) {
    throw new LeitmotifError('disk-full', `Cannot write ${file}: expected ${written.bytes} bytes, found ${size}`);
  }
  const found = await hashFile(file, 0, signal);
  if (found.sha256 !== written.sha256) throw corruptIndexFile(file, 'the content differs from what was written');
}

/** Reads a file into memory and checks it against its record.
 *  @throws {LeitmotifError} `index-corrupt` when it is missing or differs */
export async function readWritten(file: string, written: FileRecord): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw corruptIndexFile(file, 'the file cannot be read', error);
  });
  if (bytes.length !== written.bytes) {
    throw corruptIndexFile(file, `expected ${written.bytes} bytes, got ${bytes.length}`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== written.sha256) throw corruptIndexFile(file, `expected sha256 ${written.sha256}, got ${sha256}`);
  return bytes;
}

export interface AtomicWriteOptions {
  /** Temporary name in the same folder. Default: a random one, so that two writers of one target do not meet. */
  readonly partial?: string;
  /** Syncs the folder after the rename, so that the rename survives a power cut. `write` syncs the content. */
  readonly isDurable?: boolean;
}

/** Writes a file or folder under a temporary name and renames it: under its final name it is complete or missing.
 *  On failure the temporary file is deleted.
 *  @param write gets the temporary path; returns null to discard what it wrote
 *  @returns the result of `write`
 *  @throws {LeitmotifError} `disk-full` when the rename finds the disk full; the errors of `write` */
export async function writeAtomically<T>(
  target: string,
  write: (partial: string) => Promise<T>,
  options: AtomicWriteOptions = {},
): Promise<T> {
  const partials = options.partial === undefined ? undefined : [options.partial];
  return writeAllAtomically([target], ([partial = '']) => write(partial), { ...options, partials });
}

/** The same for several files that one process writes, for example one run of ffmpeg. The renames follow each other. */
export async function writeAllAtomically<T>(
  targets: readonly string[],
  write: (partials: readonly string[]) => Promise<T>,
  options: { readonly partials?: readonly string[] | undefined; readonly isDurable?: boolean } = {},
): Promise<T> {
  const partials = options.partials ?? targets.map((target) => `${target}.${randomUUID()}.part`);
  let isRenamed = false;
  try {
    const result = await write(partials);
    if (result === null) return result;
    for (const [i, target] of targets.entries()) {
      await withDiskFullError(target, () => rename(partials[i] ?? '', target));
    }
    isRenamed = true;
    if (options.isDurable) {
      for (const folder of new Set(targets.map((target) => path.dirname(target)))) await syncFolder(folder);
    }
    return result;
  } finally {
    // After the rename, the temporary name may be another writer's.
    if (!isRenamed) await Promise.all(partials.map((partial) => rm(partial, { recursive: true, force: true })));
  }
}

/** Replaces a small file atomically: readers see the old text or the new one, also after a power cut. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const write = async (partial: string): Promise<void> => {
    const written = await HashedFile.create(partial);
    try {
      await written.write(Buffer.from(text));
      await written.finish();
    } finally {
      await written.abandon();
    }
  };
  await writeAtomically(file, write, { partial: `${file}.partial`, isDurable: true });
}

/** Syncs a folder: a rename is durable only after its folder is synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Syncs a file that other code wrote. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await withDiskFullError(file, () => handle.sync());
  } finally {
    await handle.close();
  }
}
