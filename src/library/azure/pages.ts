/** Listings of a container, a page at a time: each page is a request of its own, retried by itself where that may help. */
import type { BlobItem } from '@azure/storage-blob';
import type { AzureContainer } from './client.ts';
import { withAzureRetries } from './retry.ts';

export interface PageWanted {
  /** Names begin with it; empty for all. */
  readonly prefix: string;
  /** Continuation token of the previous page; undefined for the first. */
  readonly token?: string | undefined;
  /** Blobs per page. */
  readonly pageSize?: number | undefined;
  readonly includeMetadata?: true;
  readonly includeTags?: true;
}

export interface Page {
  readonly blobs: readonly BlobItem[];
  /** Undefined after the last. */
  readonly next: string | undefined;
}

/** Azure's maximum. */
const pageSizeMax = 5000;

/** @throws {LeitmotifError} as withAzureRetries */
export async function fetchPage(
  { container, operation }: AzureContainer,
  { prefix, token, pageSize = pageSizeMax, ...include }: PageWanted,
  options: Parameters<typeof withAzureRetries>[2],
): Promise<Page> {
  const paging = { maxPageSize: pageSize, ...(token && { continuationToken: token }) };
  const ask = async (each: AbortSignal) => {
    const wanted = { ...include, ...(prefix && { prefix }), abortSignal: each };
    return (await container.listBlobsFlat(wanted).byPage(paging).next()).value;
  };
  const page = await withAzureRetries(ask, operation, options);
  return { blobs: page?.segment.blobItems ?? [], next: page?.continuationToken || undefined };
}

/** Names below a prefix, without it, in the order in which Azure lists them.
 *  @throws {LeitmotifError} as withAzureRetries */
export async function* namesBelow(
  place: AzureContainer,
  prefix: string,
  options: Parameters<typeof withAzureRetries>[2],
): AsyncGenerator<string, void, undefined> {
  for await (const { name } of blobsBelow(place, prefix, options)) yield name.slice(prefix.length);
}

/** The blobs below a prefix, in the order in which Azure lists them.
 *  @throws {LeitmotifError} as withAzureRetries */
export async function* blobsBelow(
  place: AzureContainer,
  prefix: string,
  options: Parameters<typeof withAzureRetries>[2],
): AsyncGenerator<BlobItem, void, undefined> {
  let token: string | undefined;
  do {
    const page = await fetchPage(place, { prefix, token }, options);
    yield* page.blobs;
    token = page.next;
  } while (token !== undefined);
}
