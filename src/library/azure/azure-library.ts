/** Recordings in a container of Azure Blob Storage, or below a prefix of one.
 *
 *  Listing costs one request for each 5,000 blobs, metadata included. To embed a recording it is read once: it is hashed
 *  while it streams into the spool, and held to the version that was listed. For a clip only the parts are read that
 *  ffmpeg asks for (range-server.ts).
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type AzurePlace, compareCodePoints, formatAzure } from '../../config/library-location.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { orDiskFull } from '../../io/disk-full.ts';
import type { Library, Listed, ListedFile, ListOptions, LocalFile, SeekableFile, TakenFile } from '../library.ts';
import { firstFrameOffset, mp3HeadBytes, saysConstantRate } from '../mp3-rate.ts';
import type { RangeServer } from '../range-server.ts';
import type { Spool } from '../spool.ts';
import type { AzureAccounts, AzureContainer } from './client.ts';
import { type AskedOf, isMissing } from './errors.ts';
import { isPassedOver, plainEtag, tagsOf, toListed } from './listing.ts';
import { type Page, pageOf } from './pages.ts';
import { asking, lessPatient, type Patience, usualPatience } from './retry.ts';

export interface AzureParts {
  readonly accounts: AzureAccounts;
  readonly spool: Spool;
  readonly ranges: RangeServer;
  /** Larger recordings are refused before they are fetched. */
  readonly bytesMax: number;
  readonly patience?: Patience;
  /** Blobs a page; 5,000 is the most that Azure gives. */
  readonly pageSize?: number;
}

interface ReadOptions {
  readonly signal?: AbortSignal;
}

interface Blob extends AzureContainer {
  readonly name: string;
}

export class AzureLibrary implements Library {
  readonly location: string;
  readonly #place: AzurePlace;
  readonly #parts: AzureParts;

  constructor(place: AzurePlace, parts: AzureParts) {
    this.#place = place;
    this.#parts = parts;
    this.location = formatAzure(place);
  }

  /** Whole before its first: a listing that breaks off says nothing, and Azure does not promise code point order. */
  async *list({ signal, onPassedOver }: ListOptions = {}): AsyncIterable<Listed> {
    const files: ListedFile[] = [];
    const first = await this.#firstPage(signal);
    for (let { page } = first; ; page = await this.#page(first.include, page.next, signal)) {
      for (const blob of page.blobs) {
        const listed = toListed(blob, this.#place.prefix);
        if (listed) files.push(listed);
        else if (isPassedOver(blob, this.#place.prefix))
          onPassedOver?.(blob.name.slice(blob.name.lastIndexOf('/') + 1));
      }
      if (page.next === undefined) break;
    }
    if (files.some((file, at) => at > 0 && compareCodePoints(files[at - 1]?.key ?? '', file.key) > 0)) {
      files.sort((a, b) => compareCodePoints(a.key, b.key));
    }
    yield* files;
  }

  look(key: string, { signal }: ReadOptions = {}): Promise<ListedFile | null> {
    return this.#look(key, signal, this.#patience);
  }

  async #look(key: string, signal: AbortSignal | undefined, patience: Patience): Promise<ListedFile | null> {
    const { container, asked, name } = await this.#blob(key, 'look at');
    try {
      const ask = (each: AbortSignal) => container.getBlobClient(name).getProperties({ abortSignal: each });
      const found = await asking(ask, asked, { signal, patience, keep: isMissing });
      const tags = tagsOf(found.metadata, undefined);
      return {
        type: 'file',
        key,
        sizeBytes: found.contentLength ?? 0,
        mtimeMs: found.lastModified?.getTime() ?? 0,
        etag: found.etag === undefined ? null : plainEtag(found.etag),
        ...(tags && { tags }),
      };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  read(key: string, { signal }: ReadOptions = {}): Readable {
    return Readable.from(this.#blocks(key, signal), { objectMode: false });
  }

  async *#blocks(key: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = await this.#mustLook(key, signal);
    const ranges = await this.#rangesOf(file);
    const blockBytes = 4 * 1024 * 1024;
    for (let at = 0; at < file.sizeBytes; at += blockBytes) {
      yield await ranges.read(at, Math.min(blockBytes, file.sizeBytes - at), signal);
    }
  }

  async take(file: ListedFile, { signal }: ReadOptions = {}): Promise<TakenFile> {
    const { bytesMax } = this.#parts;
    if (file.sizeBytes > bytesMax) {
      const message = `This file is too large: ${file.sizeBytes} bytes, at most ${bytesMax} are accepted (AUDIO_MAX_MB)`;
      throw new LeitmotifError('audio-too-large', message);
    }
    const place = await this.#parts.spool.place(file.sizeBytes, signal);
    try {
      const contentSha256 = await this.#spoolInto(place.path, file, signal);
      return { path: place.path, contentSha256, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  async localFile(key: string, { signal }: ReadOptions = {}): Promise<LocalFile> {
    return await this.take(await this.#mustLook(key, signal), signal ? { signal } : {});
  }

  async seekable(key: string, { signal }: ReadOptions = {}): Promise<SeekableFile> {
    const patience = lessPatient(this.#patience);
    const file = await this.#mustLook(key, signal, patience);
    const ranges = await this.#rangesOf(file, patience);
    const hasConstantRate = /\.mp3$/i.test(key) && (await tellsConstantRate(file.sizeBytes, ranges, signal));
    const served = await this.#parts.ranges.serve({
      sizeBytes: file.sizeBytes,
      read: (offset, count, each) => ranges.read(offset, count, signal ? AbortSignal.any([signal, each]) : each),
    });
    return {
      path: served.url,
      overLoopback: true,
      hasConstantRate,
      [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
    };
  }

  /** Reading tags is a right of its own, which a SAS or a role may lack, and some accounts have no tags. */
  async #firstPage(signal?: AbortSignal): Promise<{ readonly page: Page; readonly include: Include }> {
    const [all, withoutTags] = [{ includeMetadata: true, includeTags: true }, { includeMetadata: true }] as const;
    try {
      return { page: await this.#page(all, undefined, signal, refusesTags), include: all };
    } catch (error) {
      if (!refusesTags(error)) throw error;
      return { page: await this.#page(withoutTags, undefined, signal), include: withoutTags };
    }
  }

  async #page(
    include: Include,
    token: string | undefined,
    signal?: AbortSignal,
    keep: (error: unknown) => boolean = () => false,
  ): Promise<Page> {
    const { prefix } = this.#place;
    const { pageSize } = this.#parts;
    const wanted = { ...include, prefix, token, ...(pageSize === undefined ? {} : { pageSize }) };
    return pageOf(await this.#blob('', 'list'), wanted, { signal, patience: this.#patience, keep });
  }

  async #mustLook(key: string, signal?: AbortSignal, patience = this.#patience): Promise<ListedFile> {
    const found = await this.#look(key, signal, patience);
    if (found) return found;
    throw new LeitmotifError('file-unreadable', `Cannot open ${this.location}/${key}: it is not there any more`);
  }

  /** Reads parts of one version of a blob. */
  async #rangesOf({ key, etag }: ListedFile, patience = this.#patience) {
    const { container, asked, name } = await this.#blob(key, 'read');
    const client = container.getBlobClient(name);
    const read = (offset: number, count: number, signal?: AbortSignal): Promise<Uint8Array> =>
      asking(
        async (each) => {
          const block = await client.downloadToBuffer(offset, count, {
            ...{ abortSignal: each, blockSize: count, concurrency: 1, maxRetryRequestsPerBlock: 0 },
            ...(etag && { conditions: { ifMatch: quoted(etag) } }),
          });
          return new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
        },
        asked,
        { signal, patience },
      );
    return { read };
  }

  async #spoolInto(path: string, file: ListedFile, signal?: AbortSignal): Promise<string> {
    const { container, asked, name } = await this.#blob(file.key, 'read');
    const client = container.getBlobClient(name);
    const written = { hash: createHash('sha256'), bytes: 0 };
    await using handle = await openForWriting(path);
    const goOn = async (each: AbortSignal) => {
      if (written.bytes === file.sizeBytes) return;
      const conditions = file.etag === null ? {} : { conditions: { ifMatch: quoted(file.etag) } };
      const options = { abortSignal: each, maxRetryRequests: 0, ...conditions };
      const { readableStreamBody } = await client.download(written.bytes, undefined, options);
      if (!readableStreamBody) throw new Error('the service sent no body');
      for await (const block of readableStreamBody) await append(block as Buffer, path, handle, written);
      if (written.bytes !== file.sizeBytes) throw new Error(`the connection ended after ${written.bytes} bytes`);
    };
    await askingWhileItComes(goOn, asked, written, { signal, patience: this.#patience });
    return written.hash.digest('hex');
  }

  async #blob(key: string, verb: string): Promise<Blob> {
    const what = `${verb} ${key === '' ? this.location : `${this.location}/${key}`}`;
    return { ...(await this.#parts.accounts.container(this.#place, what)), name: this.#place.prefix + key };
  }

  get #patience(): Patience {
    return this.#parts.patience ?? usualPatience;
  }
}

interface Include {
  readonly includeMetadata: true;
  readonly includeTags?: true;
}

function refusesTags(error: unknown): boolean {
  const { statusCode = 0 } = error as { statusCode?: number };
  return statusCode === 400 || statusCode === 403 || statusCode === 409;
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await orDiskFull(path, () => open(path, 'wx', 0o600));
  } catch (error) {
    throw toLeitmotifError(error);
  }
}

/** A disk that is full is not the network's failure: it must not be tried again. One that is almost full takes a part
 *  of a block and calls it a success. */
async function append(
  block: Buffer,
  path: string,
  handle: FileHandle,
  written: { readonly hash: Hash; bytes: number },
): Promise<void> {
  for (let from = 0; from < block.length; ) {
    const { bytesWritten } = await orDiskFull(path, () =>
      handle.write(block, from, block.length - from, written.bytes),
    );
    written.hash.update(block.subarray(from, from + bytesWritten));
    written.bytes += bytesWritten;
    from += bytesWritten;
  }
}

/** A long file takes longer than one try may: it has the time that it needs for as long as bytes come, and tries are
 *  counted anew whenever some did. */
async function askingWhileItComes(
  goOn: (signal: AbortSignal) => Promise<void>,
  asked: AskedOf,
  written: { readonly bytes: number },
  { signal, patience }: { readonly signal: AbortSignal | undefined; readonly patience: Patience },
): Promise<void> {
  for (;;) {
    const before = written.bytes;
    const ask = async (each: AbortSignal) => {
      using watch = new StallWatch(written, patience.tryMaxMs);
      await goOn(AbortSignal.any([each, watch.signal]));
    };
    try {
      return await asking(ask, asked, { signal, patience: { ...patience, tryMaxMs: wholeFileMaxMs } });
    } catch (error) {
      const isLost = error instanceof LeitmotifError && error.code === 'library-unavailable';
      if (!isLost || written.bytes === before) throw error;
    }
  }
}

/** Aborts when no byte has come for a while. */
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

/** 2 GB at 600 kB/s. */
const wholeFileMaxMs = 3_600_000;

function quoted(etag: string): string {
  return `"${etag}"`;
}

async function tellsConstantRate(
  sizeBytes: number,
  { read }: { read(offset: number, count: number, signal?: AbortSignal): Promise<Uint8Array> },
  signal?: AbortSignal,
): Promise<boolean> {
  if (sizeBytes === 0) return false;
  const part = (offset: number) => read(offset, Math.min(mp3HeadBytes, sizeBytes - offset), signal);
  const head = await part(0);
  const at = firstFrameOffset(head);
  if (at === 0) return saysConstantRate(head);
  return at < sizeBytes && saysConstantRate(await part(at));
}
