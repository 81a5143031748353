/** Recordings in a container of Azure Blob Storage, or below a prefix of one.
 *
 *  Listing costs one request per 5,000 blobs, metadata included. Embedding reads a recording once: it is hashed while it
 *  streams into the spool, and its version must be the listed one (spool-blob.ts). For a clip, only the ranges that
 *  ffmpeg requests are read (range-server.ts).
 */
import { Readable } from 'node:stream';
import { type AzurePlace, compareCodePoints, formatAzure } from '../../config/library-location.ts';
import { LeitmotifError } from '../../errors.ts';
import type { HashedLocalFile, Library, Listed, ListedFile, ListOptions, LocalFile, SeekableFile } from '../library.ts';
import { declaresConstantRate, firstFrameOffset, mp3HeadBytes } from '../mp3-rate.ts';
import type { RangeServer } from '../range-server.ts';
import type { Spool } from '../spool.ts';
import type { AzureAccounts } from './client.ts';
import { isMissing } from './errors.ts';
import { isSkipped, plainEtag, quoteEtag, tagsOf, toListed } from './listing.ts';
import { fetchPage, type Page } from './pages.ts';
import { defaultRetryPolicy, interactiveRetryPolicy, type RetryPolicy, withAzureRetries } from './retry.ts';
import { type Blob, spoolBlob } from './spool-blob.ts';

export interface AzureParts {
  readonly accounts: AzureAccounts;
  readonly spool: Spool;
  readonly ranges: RangeServer;
  /** Larger recordings are refused before they are fetched. */
  readonly bytesMax: number;
  readonly retryPolicy?: RetryPolicy;
  /** Blobs per page; Azure's maximum is 5,000. */
  readonly pageSize?: number;
}

interface ReadOptions {
  readonly signal?: AbortSignal;
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

  /** Reads the whole listing before it yields: an interrupted listing says nothing about missing files, and Azure does not
   *  guarantee code point order. */
  async *list({ signal, onSkipped }: ListOptions = {}): AsyncIterable<Listed> {
    const files: ListedFile[] = [];
    const first = await this.#firstPage(signal);
    for (let { page } = first; ; page = await this.#page(first.include, page.next, signal)) {
      for (const blob of page.blobs) {
        const listed = toListed(blob, this.#place.prefix);
        if (listed) files.push(listed);
        else if (isSkipped(blob, this.#place.prefix)) onSkipped?.(blob.name.slice(blob.name.lastIndexOf('/') + 1));
      }
      if (page.next === undefined) break;
    }
    if (files.some((file, at) => at > 0 && compareCodePoints(files[at - 1]?.key ?? '', file.key) > 0)) {
      files.sort((a, b) => compareCodePoints(a.key, b.key));
    }
    yield* files;
  }

  look(key: string, { signal }: ReadOptions = {}): Promise<ListedFile | null> {
    return this.#look(key, signal, this.#retryPolicy);
  }

  async #look(key: string, signal: AbortSignal | undefined, retryPolicy: RetryPolicy): Promise<ListedFile | null> {
    const { container, operation, name } = await this.#blob(key, 'look at');
    try {
      const ask = (each: AbortSignal) => container.getBlobClient(name).getProperties({ abortSignal: each });
      const found = await withAzureRetries(ask, operation, { signal, retryPolicy, keep: isMissing });
      const tags = tagsOf(found.metadata, undefined);
      return {
        type: 'file',
        key,
        sizeBytes: found.contentLength ?? 0,
        mtimeMs: found.lastModified?.getTime() ?? 0,
        etag: found.etag === undefined ? null : plainEtag(found.etag),
        tags,
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
    const file = await this.#requireFile(key, signal);
    const ranges = await this.#rangesOf(file);
    const blockBytes = 4 * 1024 * 1024;
    for (let at = 0; at < file.sizeBytes; at += blockBytes) {
      yield await ranges.read(at, Math.min(blockBytes, file.sizeBytes - at), signal);
    }
  }

  async take(file: ListedFile, { signal }: ReadOptions = {}): Promise<HashedLocalFile> {
    const { bytesMax } = this.#parts;
    if (file.sizeBytes > bytesMax) {
      const message = `This file is too large: ${file.sizeBytes} bytes, at most ${bytesMax} are accepted (AUDIO_MAX_MB)`;
      throw new LeitmotifError('audio-too-large', message);
    }
    const place = await this.#parts.spool.place(file.sizeBytes, signal);
    try {
      const contentSha256 = await spoolBlob(await this.#blob(file.key, 'read'), file, place.path, {
        signal,
        retryPolicy: this.#retryPolicy,
      });
      return { path: place.path, contentSha256, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  async localFile(key: string, { signal }: ReadOptions = {}): Promise<LocalFile> {
    return await this.take(await this.#requireFile(key, signal), signal ? { signal } : {});
  }

  async seekable(key: string, { signal }: ReadOptions = {}): Promise<SeekableFile> {
    const retryPolicy = interactiveRetryPolicy(this.#retryPolicy);
    const file = await this.#requireFile(key, signal, retryPolicy);
    const ranges = await this.#rangesOf(file, retryPolicy);
    const hasConstantRate = /\.mp3$/i.test(key) && (await hasConstantRateTag(file.sizeBytes, ranges, signal));
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

  /** Reading tags needs a separate permission, which a SAS or a role may lack, and some accounts do not support tags. */
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
    const wanted = { ...include, prefix, token, pageSize };
    return fetchPage(await this.#blob('', 'list'), wanted, { signal, retryPolicy: this.#retryPolicy, keep });
  }

  async #requireFile(key: string, signal?: AbortSignal, retryPolicy = this.#retryPolicy): Promise<ListedFile> {
    const found = await this.#look(key, signal, retryPolicy);
    if (found) return found;
    throw new LeitmotifError('file-unreadable', `Cannot open ${this.location}/${key}: it is not there any more`);
  }

  /** Reads ranges of one version of a blob. */
  async #rangesOf({ key, etag }: ListedFile, retryPolicy = this.#retryPolicy) {
    const { container, operation, name } = await this.#blob(key, 'read');
    const client = container.getBlobClient(name);
    const read = (offset: number, count: number, signal?: AbortSignal): Promise<Uint8Array> =>
      withAzureRetries(
        async (each) => {
          const block = await client.downloadToBuffer(offset, count, {
            ...{ abortSignal: each, blockSize: count, concurrency: 1, maxRetryRequestsPerBlock: 0 },
            ...(etag && { conditions: { ifMatch: quoteEtag(etag) } }),
          });
          return new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
        },
        operation,
        { signal, retryPolicy },
      );
    return { read };
  }

  async #blob(key: string, verb: string): Promise<Blob> {
    const action = `${verb} ${key === '' ? this.location : `${this.location}/${key}`}`;
    return { ...(await this.#parts.accounts.container(this.#place, action)), name: this.#place.prefix + key };
  }

  get #retryPolicy(): RetryPolicy {
    return this.#parts.retryPolicy ?? defaultRetryPolicy;
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

async function hasConstantRateTag(
  sizeBytes: number,
  { read }: { read(offset: number, count: number, signal?: AbortSignal): Promise<Uint8Array> },
  signal?: AbortSignal,
): Promise<boolean> {
  if (sizeBytes === 0) return false;
  const part = (offset: number) => read(offset, Math.min(mp3HeadBytes, sizeBytes - offset), signal);
  const head = await part(0);
  const at = firstFrameOffset(head);
  if (at === 0) return declaresConstantRate(head);
  return at < sizeBytes && declaresConstantRate(await part(at));
}
