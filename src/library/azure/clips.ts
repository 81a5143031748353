/** Clips in a container of Azure Blob Storage. */
import { readFile, writeFile } from 'node:fs/promises';
import PQueue from 'p-queue';
import { type AzurePlace, formatAzure } from '../../config/library-location.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import type { ClipStore } from '../clip-store.ts';
import type { LocalFile } from '../library.ts';
import type { Spool } from '../spool.ts';
import type { AzureAccounts, AzureContainer } from './client.ts';
import { isMissing } from './errors.ts';
import { namesBelow } from './pages.ts';
import { defaultRetryPolicy, interactiveRetryPolicy, type RetryPolicy, withAzureRetries } from './retry.ts';

export interface AzureClipsParts {
  readonly accounts: AzureAccounts;
  readonly spool: Spool;
  readonly retryPolicy?: RetryPolicy;
}

interface Options {
  readonly signal: AbortSignal;
}

/** Ten seconds at 128 kbit/s are 160 kB; a larger blob is not a clip of this program. */
const clipBytesMax = 4_000_000;
const deletesAtOnce = 16;

export class AzureClips implements ClipStore {
  readonly location: string;
  readonly #place: AzurePlace;
  readonly #parts: AzureClipsParts;

  constructor(place: AzurePlace, parts: AzureClipsParts) {
    this.#place = place;
    this.#parts = parts;
    this.location = formatAzure(place);
  }

  async put(name: string, path: string, { signal }: Options): Promise<void> {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw toLeitmotifError(error);
    });
    const { container, operation } = await this.#container(`store ${this.location}/${name}`);
    const blob = container.getBlockBlobClient(this.#place.prefix + name);
    const headers = { blobContentType: 'audio/mpeg', blobCacheControl: 'private, max-age=31536000, immutable' };
    const ask = (each: AbortSignal) =>
      blob.upload(bytes, bytes.length, { abortSignal: each, blobHTTPHeaders: headers });
    await withAzureRetries(ask, operation, { signal, retryPolicy: this.#retryPolicy });
  }

  async fetch(name: string, { signal }: Options): Promise<LocalFile | null> {
    const { container, operation } = await this.#container(`read ${this.location}/${name}`);
    const blob = container.getBlobClient(this.#place.prefix + name);
    const ask = async (each: AbortSignal) => {
      const { contentLength = 0, readableStreamBody } = await blob.download(0, undefined, {
        ...{ abortSignal: each, maxRetryRequests: 0 },
      });
      if (!readableStreamBody) throw new Error('the service sent no body');
      if (contentLength > clipBytesMax)
        throw new LeitmotifError('file-unreadable', `${name} is no clip: it is too large`);
      const bytes = Buffer.concat(await Array.fromAsync(readableStreamBody as AsyncIterable<Buffer>));
      if (bytes.length !== contentLength) throw new Error('the connection ended early');
      return bytes;
    };
    try {
      const bytes = await withAzureRetries(ask, operation, {
        signal,
        retryPolicy: interactiveRetryPolicy(this.#retryPolicy),
        keep: isMissing,
      });
      return await this.#spooled(bytes, signal);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async #spooled(bytes: Uint8Array, signal: AbortSignal): Promise<LocalFile> {
    const place = await this.#parts.spool.place(bytes.length, signal);
    try {
      await writeFile(place.path, bytes, { flag: 'wx', mode: 0o600 });
      return place;
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw toLeitmotifError(error);
    }
  }

  /** Reads one page at a time: a library of 13,171 recordings has 400,000 clips. */
  async *names({ signal }: Options): AsyncGenerator<string, void, undefined> {
    const place = await this.#container(`list ${this.location}`);
    yield* namesBelow(place, this.#place.prefix, { signal, retryPolicy: this.#retryPolicy });
  }

  async removeAll(contentSha256: string, { signal }: Options): Promise<number> {
    const place = await this.#container(`delete clips in ${this.location}`);
    const options = { signal, retryPolicy: this.#retryPolicy };
    const prefix = `${this.#place.prefix}${contentSha256}/`;
    const names = await Array.fromAsync(namesBelow(place, prefix, options));
    const { container, operation } = place;
    const queue = new PQueue({ concurrency: deletesAtOnce });
    const remove = (name: string) =>
      withAzureRetries(
        (each) => container.getBlobClient(prefix + name).deleteIfExists({ abortSignal: each }),
        operation,
        options,
      );
    await queue.addAll(names.map((name) => () => remove(name)));
    return names.length;
  }

  #container(action: string): Promise<AzureContainer> {
    return this.#parts.accounts.container(this.#place, action);
  }

  get #retryPolicy(): RetryPolicy {
    return this.#parts.retryPolicy ?? defaultRetryPolicy;
  }
}
