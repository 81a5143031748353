/** Backups in a container of Azure Blob Storage. They are uploaded and downloaded in blocks, each retried by itself where
 *  that may help: a catalog has gigabytes, and a connection that lasts as long is rare. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type AzurePlace, formatAzure } from '../../config/library-location.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { withDiskFullError } from '../../io/disk-full.ts';
import type { BackupStore, StoredFile } from '../backup-store.ts';
import type { AzureAccounts, AzureContainer } from './client.ts';
import { blobsBelow } from './pages.ts';
import { defaultRetryPolicy, type RetryPolicy, withAzureRetries } from './retry.ts';

interface Options {
  readonly signal: AbortSignal;
}

const blockBytes = 8 * 1024 * 1024;

export class AzureBackups implements BackupStore {
  readonly location: string;
  readonly #place: AzurePlace;
  readonly #accounts: AzureAccounts;
  readonly #retryPolicy: RetryPolicy;

  constructor(place: AzurePlace, accounts: AzureAccounts, retryPolicy: RetryPolicy = defaultRetryPolicy) {
    this.#place = place;
    this.#accounts = accounts;
    this.#retryPolicy = retryPolicy;
    this.location = formatAzure(place);
  }

  /** The service deletes uncommitted blocks after a week. */
  async put(name: string, path: string, { signal }: Options): Promise<void> {
    const { container, operation } = await this.#container(`store ${this.location}/${name}`);
    const blob = container.getBlockBlobClient(this.#place.prefix + name);
    const options = { signal, retryPolicy: this.#retryPolicy };
    await using file = await openFile(path, 'r');
    const hash = createHash('sha256');
    const blocks: string[] = [];
    for (let position = 0; ; position += blockBytes) {
      const block = await readBlock(file, position);
      if (block.length === 0) break;
      hash.update(block);
      const id = Buffer.from(String(blocks.length).padStart(8, '0')).toString('base64');
      await withAzureRetries(
        (each) => blob.stageBlock(id, block, block.length, { abortSignal: each }),
        operation,
        options,
      );
      blocks.push(id);
    }
    const metadata = { sha256: hash.digest('hex') };
    await withAzureRetries((each) => blob.commitBlockList(blocks, { abortSignal: each, metadata }), operation, options);
  }

  async files({ signal }: Options): Promise<StoredFile[]> {
    const place = await this.#container(`list ${this.location}`);
    const { prefix } = this.#place;
    const files: StoredFile[] = [];
    for await (const { name, properties } of blobsBelow(place, prefix, { signal, retryPolicy: this.#retryPolicy }))
      files.push({ name: name.slice(prefix.length), sizeBytes: properties.contentLength ?? 0 });
    return files.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async fetch(name: string, to: string, { signal }: Options): Promise<void> {
    const { container, operation } = await this.#container(`read ${this.location}/${name}`);
    const blob = container.getBlobClient(this.#place.prefix + name);
    const options = { signal, retryPolicy: this.#retryPolicy };
    const found = await withAzureRetries((each) => blob.getProperties({ abortSignal: each }), operation, options);
    const { contentLength = 0, etag, metadata } = found;
    const conditions = etag === undefined ? {} : { ifMatch: etag };
    await using file = await openFile(to, 'w');
    const hash = createHash('sha256');
    for (let position = 0; position < contentLength; position += blockBytes) {
      const count = Math.min(blockBytes, contentLength - position);
      const read = (each: AbortSignal) =>
        blob.downloadToBuffer(position, count, { abortSignal: each, conditions, maxRetryRequestsPerBlock: 0 });
      const block = await withAzureRetries(read, operation, options);
      hash.update(block);
      // Not `write`: on an almost full disk it writes a part and reports success.
      await withDiskFullError(to, () => file.appendFile(block));
    }
    const sha256 = hash.digest('hex');
    if (metadata?.sha256 === undefined || metadata.sha256 === sha256) return;
    throw new LeitmotifError(
      'file-unreadable',
      `Cannot read ${this.location}/${name}: it is damaged: expected sha256 ${metadata.sha256}, got ${sha256}`,
    );
  }

  async remove(name: string, { signal }: Options): Promise<void> {
    const { container, operation } = await this.#container(`delete ${this.location}/${name}`);
    const blob = container.getBlobClient(this.#place.prefix + name);
    await withAzureRetries((each) => blob.deleteIfExists({ abortSignal: each }), operation, {
      signal,
      retryPolicy: this.#retryPolicy,
    });
  }

  #container(action: string): Promise<AzureContainer> {
    return this.#accounts.container(this.#place, action);
  }
}

function openFile(path: string, flags: 'r' | 'w'): Promise<FileHandle> {
  return open(path, flags).catch((error: unknown) => {
    throw toLeitmotifError(error);
  });
}

/** @returns an empty buffer past the end of the file */
async function readBlock(file: FileHandle, position: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(blockBytes);
  let filled = 0;
  while (filled < blockBytes) {
    const { bytesRead } = await file.read(block, filled, blockBytes - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}
