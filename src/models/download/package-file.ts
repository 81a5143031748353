/** Takes one file out of a package of the Python package index: finds the package's archive on the index, downloads it, and unpacks
 *  the file. No Python is needed.
 *
 *  The archive and the file are pinned, so neither the index nor a mirror of it is trusted.
 *  @see https://packaging.python.org/en/latest/specifications/simple-repository-api/
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { unzipSync } from 'fflate';
import pRetry from 'p-retry';
import { z } from 'zod';
import { LeitmotifError } from '../../errors.ts';
import { HashedFile, hashFile, writeAtomically } from '../../io/durable-file.ts';
import type { PackagedFile } from '../downloadable.ts';
import { type DownloadOptions, fetchFile, type TakenFile, type WantedFile } from './fetch-file.ts';
import { indexUrl, isSafe } from './hub.ts';
import { badStatus, tooLarge } from './hub-errors.ts';

export interface PackageOptions extends DownloadOptions {
  /** PIP_INDEX_URL: https, or http on this machine. */
  readonly index: string;
  /** HF_HUB_OFFLINE: no network requests. */
  readonly isOffline: boolean;
  /** Called when an archive that is here has another hash than the pinned one; it is downloaded again. */
  readonly onDamaged: (file: string, expected: string, got: string) => void;
}

/** A project's page names each file of each version. */
const pageBytesMax = 8 * 1024 * 1024;
const pageRetriesMax = 3;

/** The archive's path in the model's folder, where it may also be put by hand. It is deleted when its file has been taken. */
export function archivePathOf({ archive }: PackagedFile, folder: string): string {
  return path.join(folder, archive.file);
}

/** @param wanted the file inside
 *  @throws {LeitmotifError} as fetchFile; download-corrupt when the archive does not hold the file */
export async function takePackagedFile(
  origin: PackagedFile,
  wanted: Omit<WantedFile, 'url'>,
  options: PackageOptions,
): Promise<TakenFile> {
  const archive = archivePathOf(origin, path.dirname(wanted.file));
  await ensureArchive(origin, archive, options);
  const taken = await unpack(origin, archive, wanted);
  await rm(archive, { force: true });
  return taken;
}

async function ensureArchive({ project, archive }: PackagedFile, file: string, options: PackageOptions): Promise<void> {
  const { file: name, sha256, bytes } = archive;
  const here = await hashFile(file).catch(() => null);
  if (here?.sha256 === sha256) return;
  if (here) options.onDamaged(name, sha256, here.sha256);
  if (options.isOffline) {
    throw new LeitmotifError('download-failed', `Cannot download ${name}: HF_HUB_OFFLINE is set`, {
      facts: { kind: 'offline' },
    });
  }
  const url = await findArchive(project, name, options);
  await fetchFile({ url, file, sha256, bytes, bytesMax: bytes, source: 'package' }, options);
}

/** The archive's address, from the project's page on the index.
 *  @throws {LeitmotifError} download-failed, download-refused, also when the page does not list the archive */
async function findArchive(project: string, name: string, options: PackageOptions): Promise<URL> {
  const url = indexUrl(options.index, project);
  const { signal, retryAfterMs } = options;
  const page = await pRetry(() => readPage(url, options), {
    retries: pageRetriesMax,
    ...(retryAfterMs === undefined ? {} : { minTimeout: retryAfterMs }),
    signal,
    shouldRetry: ({ error }) =>
      error instanceof LeitmotifError && error.code === 'download-failed' && error.facts.kind !== 'unreachable',
  });
  const found = linksOf(page.text, page.type).find((link) => fileNameOf(link, page.url) === name);
  const address = found === undefined ? null : URL.parse(found, page.url.href);
  if (!address || !isSafe(address)) {
    const why = address ? `it is at ${address.origin}, which is not https` : 'the page does not list it';
    throw new LeitmotifError('download-refused', `Cannot find ${name} on ${url.origin}${url.pathname}: ${why}`, {
      facts: { host: url.host, kind: 'index' },
    });
  }
  address.hash = '';
  return address;
}

interface Page {
  /** After redirects: links are relative to it. */
  readonly url: URL;
  readonly type: string;
  readonly text: string;
}

const json = 'application/vnd.pypi.simple.v1+json';

async function readPage(url: URL, { client, signal }: PackageOptions): Promise<Page> {
  const accept = `${json}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;
  const answer = await client.get(url, { headers: { accept }, signal });
  try {
    if (answer.status !== 200) throw badStatus(answer.url, answer.status, null, 'package');
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    for await (const block of answer.body) {
      bytes += block.length;
      if (bytes > pageBytesMax) throw tooLarge(answer.url, pageBytesMax);
      blocks.push(block);
    }
    return { url: answer.url, type: answer.header('content-type') ?? '', text: Buffer.concat(blocks).toString('utf8') };
  } finally {
    answer.close();
  }
}

const jsonPage = z.object({ files: z.array(z.object({ url: z.string() })) });

/** Addresses on a page of either form; empty for anything else. */
function linksOf(text: string, type: string): string[] {
  if (!type.startsWith(json)) {
    return [...text.matchAll(/\bhref\s*=\s*["']([^"']*)["']/gi)].map(([, link = '']) => link.replaceAll('&amp;', '&'));
  }
  try {
    return jsonPage.parse(JSON.parse(text)).files.map(({ url }) => url);
  } catch {
    return [];
  }
}

function fileNameOf(link: string, base: URL): string | null {
  const last = URL.parse(link, base.href)?.pathname.split('/').at(-1);
  try {
    return last === undefined ? null : decodeURIComponent(last);
  } catch {
    return null;
  }
}

/** Archive and file are in memory: 40 MB for half a second, once. */
async function unpack(
  { member, archive }: PackagedFile,
  from: string,
  wanted: Omit<WantedFile, 'url'>,
): Promise<TakenFile> {
  const cannot = (why: string, cause?: unknown): LeitmotifError =>
    new LeitmotifError('download-corrupt', `Cannot take ${member} out of ${archive.file}: ${why}`, { cause });
  const content = await readFile(from);
  let found: Uint8Array | undefined;
  try {
    // Only a file of the right size is unpacked, so an archive cannot fill the memory.
    found = unzipSync(content, { filter: (entry) => entry.name === member && entry.originalSize <= wanted.bytesMax })[
      member
    ];
  } catch (error) {
    throw cannot(`it is no ZIP archive that can be read (${error instanceof Error ? error.message : error})`, error);
  }
  if (!found) throw cannot('it holds no such file of the expected size');
  const bytes = found;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== wanted.sha256) throw cannot(`expected the hash ${wanted.sha256} (pinned), got ${sha256}`);
  const write = async (partial: string): Promise<TakenFile> => {
    const file = await HashedFile.create(partial);
    try {
      await file.write(bytes);
      return { ...(await file.finish()), voucher: 'pin', commit: null };
    } finally {
      await file.abandon();
    }
  };
  return writeAtomically(wanted.file, write, { partial: `${wanted.file}.partial`, isDurable: true });
}
