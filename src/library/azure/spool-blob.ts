/** Downloads one version of a blob into the spool and hashes it on the way. Resumes where a lost connection ended. */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { withDiskFullError } from '../../io/disk-full.ts';
import type { ListedFile } from '../library.ts';
import type { AzureContainer } from './client.ts';
import type { AzureOperation } from './errors.ts';
import { quoteEtag } from './listing.ts';
import { type RetryPolicy, withAzureRetries } from './retry.ts';

export interface Blob extends AzureContainer {
  readonly name: string;
}

interface SpoolBlobOptions {
  readonly signal: AbortSignal | undefined;
  readonly retryPolicy: RetryPolicy;
}

/** Limit for a whole file: 2 GB at 600 kB/s. */
const wholeFileMaxMs = 3_600_000;

/** @param path a file that does not exist yet
 *  @returns the SHA-256 of the blob's bytes, lower-case hex
 *  @throws {LeitmotifError} 'file-unreadable' when the blob was replaced since the listing, 'disk-full'; as withAzureRetries */
export async function spoolBlob(
  { container, operation, name }: Blob,
  file: ListedFile,
  path: string,
  options: SpoolBlobOptions,
): Promise<string> {
  const client = container.getBlobClient(name);
  const written = { hash: createHash('sha256'), bytes: 0 };
  await using handle = await openForWriting(path);
  const resume = async (each: AbortSignal) => {
    if (written.bytes === file.sizeBytes) return;
    const conditions = file.etag === null ? {} : { ifMatch: quoteEtag(file.etag) };
    const request = { abortSignal: each, maxRetryRequests: 0, conditions };
    const { readableStreamBody } = await client.download(written.bytes, undefined, request);
    if (!readableStreamBody) throw new Error('the service sent no body');
    for await (const block of readableStreamBody) await append(block as Buffer, path, handle, written);
    if (written.bytes !== file.sizeBytes) throw new Error(`the connection ended after ${written.bytes} bytes`);
  };
  await withStallRetries(resume, operation, written, options);
  return written.hash.digest('hex');
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await withDiskFullError(path, () => open(path, 'wx', 0o600));
  } catch (error) {
    throw toLeitmotifError(error);
  }
}

/** A full disk is not a network failure and must not be retried. An almost full disk writes part of a block and reports
 *  success. */
async function append(
  block: Buffer,
  path: string,
  handle: FileHandle,
  written: { readonly hash: Hash; bytes: number },
): Promise<void> {
  for (let from = 0; from < block.length; ) {
    const { bytesWritten } = await withDiskFullError(path, () =>
      handle.write(block, from, block.length - from, written.bytes),
    );
    written.hash.update(block.subarray(from, from + bytesWritten));
    written.bytes += bytesWritten;
    from += bytesWritten;
  }
}

/** A long file takes longer than the limit of one try. The download may run as long as bytes arrive, and the count of
 *  tries starts again whenever some did. */
async function withStallRetries(
  resume: (signal: AbortSignal) => Promise<void>,
  operation: AzureOperation,
  written: { readonly bytes: number },
  { signal, retryPolicy }: SpoolBlobOptions,
): Promise<void> {
  for (;;) {
    const before = written.bytes;
    const ask = async (each: AbortSignal) => {
      using watch = new StallWatch(written, retryPolicy.tryMaxMs);
      await resume(AbortSignal.any([each, watch.signal]));
    };
    try {
      return await withAzureRetries(ask, operation, {
        signal,
        retryPolicy: { ...retryPolicy, tryMaxMs: wholeFileMaxMs },
      });
    } catch (error) {
      const isLost = error instanceof LeitmotifError && error.code === 'library-unavailable';
      if (!isLost || written.bytes === before) throw error;
    }
  }
}

/** Aborts when no byte has arrived for `stallMaxMs`. */
class StallWatch implements Disposable {
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(written: { readonly bytes: number }, stallMaxMs: number) {
    let seen = written.bytes;
    this.#timer = setInterval(() => {
      if (written.bytes === seen) this.#stop.abort(new Error('no byte came for too long'));
      seen = written.bytes;
    }, stallMaxMs);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
