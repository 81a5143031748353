/** A partial download: `<file>.part` has the received bytes, `<file>.part.json` identifies the whole file.
 *
 *  Both survive the end of the process, and the next one resumes. After a power cut the file may have holes; then the hash of the
 *  whole is wrong and the download starts over.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { withDiskFullError } from '../../io/disk-full.ts';
import { type FileRecord, replaceFile } from '../../io/durable-file.ts';

/** Identity of the whole file, as far as it is known. */
const identitySchema = z.object({
  /** For If-Range; null without a strong etag. */
  etag: z.string().nullable(),
  /** Pinned, or named by the hub. */
  sha256: z.string().nullable(),
  /** Git's hash, if the hub reports it. */
  gitBlob: z.string().nullable(),
  bytes: z.int().nullable(),
  /** The commit of the file. */
  commit: z.string().nullable(),
});

export type PartIdentity = Readonly<z.infer<typeof identitySchema>>;

const unknown: PartIdentity = { etag: null, sha256: null, gitBlob: null, bytes: null, commit: null };
const readBytes = 1024 * 1024;

export class PartFile implements AsyncDisposable {
  readonly #path: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  #identity: PartIdentity = unknown;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Opens and hashes the received bytes. Without a readable identity the part counts as empty.
   *  @throws {LeitmotifError} disk-full */
  static async open(path: string): Promise<PartFile> {
    const handle = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return withDiskFullError(path, () => open(path, 'w+'));
    });
    const part = new PartFile(path, handle);
    try {
      await part.#take(await readIdentity(path));
      return part;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  static async discard(path: string): Promise<void> {
    await Promise.all([rm(path, { force: true }), rm(identityPath(path), { force: true })]);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get identity(): PartIdentity {
    return this.#identity;
  }

  /** Hexadecimal hash of the received bytes. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Empties the part, for a file with this identity. */
  async restart(identity: PartIdentity): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#bytes = 0;
    this.#identity = identity;
    await replaceFile(identityPath(this.#path), `${JSON.stringify(identity)}\n`);
  }

  /** @throws {LeitmotifError} disk-full; earlier bytes are kept */
  async append(block: Uint8Array): Promise<void> {
    for (let from = 0; from < block.length; ) {
      const { bytesWritten } = await withDiskFullError(this.#path, () =>
        this.#handle.write(block, from, block.length - from, this.#bytes),
      );
      this.#hash.update(block.subarray(from, from + bytesWritten));
      this.#bytes += bytesWritten;
      from += bytesWritten;
    }
  }

  /** Syncs the file to disk. */
  async finish(): Promise<FileRecord> {
    await withDiskFullError(this.#path, () => this.#handle.sync());
    return { bytes: this.#bytes, sha256: this.sha256 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #take(identity: PartIdentity | null): Promise<void> {
    if (identity === null) return;
    this.#identity = identity;
    const buffer = new Uint8Array(readBytes);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, readBytes, this.#bytes);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#bytes += bytesRead;
    }
  }
}

/** Received bytes of a file, for display; 0 without a partial download. */
export async function partBytes(path: string): Promise<number> {
  try {
    await using file = await open(path, 'r');
    return (await file.stat()).size;
  } catch {
    return 0;
  }
}

function identityPath(path: string): string {
  return `${path}.json`;
}

async function readIdentity(path: string): Promise<PartIdentity | null> {
  try {
    return identitySchema.parse(JSON.parse(await readFile(identityPath(path), 'utf8')));
  } catch {
    return null;
  }
}
