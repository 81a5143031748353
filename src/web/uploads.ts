/** Receives the recordings that callers send: one file a request, in a private folder, within limits. Nothing is believed
 *  of its name or type; the worker decides whether it is audio. */
import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { MultipartFile } from '@fastify/multipart';
import { LeitmotifError } from '../errors.ts';
import { fileStem, oneLine } from '../format.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import { createPrivateFile } from '../io/private-files.ts';

export interface Upload {
  readonly path: string;
  /** As the command line calls a file: without its extension. One line. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly contentSha256: string;
  /** Deletes the file. */
  release(): Promise<void>;
}

export interface UploadLimits {
  /** Of one file. */
  readonly bytesMax: number;
  /** Of all files that are received or wait. */
  readonly bytesMaxAll: number;
}

const nameMax = 200;

export class Uploads {
  readonly #dir: string;
  readonly #limits: UploadLimits;
  #bytes = 0;

  /** @param dir exists */
  constructor(dir: string, limits: UploadLimits) {
    this.#dir = dir;
    this.#limits = limits;
  }

  /** @throws {LeitmotifError} 'audio-too-large', 'audio-empty', 'queue-full' when others wait with too many bytes, 'disk-full',
   *    'bad-request' for a body that is cut off; then nothing is left of it */
  async receive({ file, filename }: Pick<MultipartFile, 'file' | 'filename'>): Promise<Upload> {
    const { bytesMax, bytesMaxAll } = this.#limits;
    const target = path.join(this.#dir, `${randomBytes(12).toString('hex')}.audio`);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const release = async (): Promise<void> => {
      this.#bytes -= sizeBytes;
      sizeBytes = 0;
      await rm(target, { force: true });
    };
    const handle = await withDiskFullError(target, () => createPrivateFile(target));
    try {
      for await (const block of file as AsyncIterable<Buffer>) {
        sizeBytes += block.length;
        this.#bytes += block.length;
        if (sizeBytes > bytesMax) throw tooLarge(bytesMax);
        if (this.#bytes > bytesMaxAll)
          throw new LeitmotifError('queue-full', 'Cannot take another recording: too many bytes wait already');
        hash.update(block);
        await withDiskFullError(target, () => handle.writeFile(block));
      }
      await handle.close();
      if (file.truncated) throw tooLarge(bytesMax);
      if (sizeBytes === 0) throw new LeitmotifError('audio-empty', 'Cannot query with an empty file');
    } catch (error) {
      await handle.close().catch(() => {});
      await release();
      throw error;
    }
    const name = oneLine(fileStem(filename ?? ''), nameMax) || 'recording';
    return { path: target, name, sizeBytes, contentSha256: hash.digest('hex'), release };
  }
}

function tooLarge(bytesMax: number): LeitmotifError {
  const facts = { bytesMax };
  return new LeitmotifError('audio-too-large', `Cannot take this file: expected at most ${bytesMax} bytes`, { facts });
}
