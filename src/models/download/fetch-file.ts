/** Downloads one file from the hub: resumes after interruptions, hashes while receiving, and renames it into place only if it
 *  is the requested file. */
import { rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { LeitmotifError } from '../../errors.ts';
import { withDiskFullError } from '../../io/disk-full.ts';
import { syncFolder } from '../../io/durable-file.ts';
import { gitBlobOf } from './git-blob.ts';
import { contentNameOf, isCommit, isGitBlob, isSha256 } from './hub.ts';
import type { DownloadSource } from './hub-errors.ts';
import { badStatus, diskTooSmall, downloadBroken, hashMismatch, tooLarge, wrongHash, wrongSize } from './hub-errors.ts';
import type { HubAnswer, HubClient } from './hub-request.ts';
import { PartFile, type PartIdentity } from './part-file.ts';

export interface WantedFile {
  readonly url: URL;
  /** Destination; its folder exists. */
  readonly file: string;
  /** The pinned hash; null: the hub's own hash is trusted. */
  readonly sha256: string | null;
  /** Exact size; null when it is unknown. */
  readonly bytes: number | null;
  /** Largest accepted size. */
  readonly bytesMax: number;
  /** For advice in errors. Default: the hub. */
  readonly source?: DownloadSource;
}

/** The source of trust in the bytes: a pin in this repository, the hub's own hash, or none. */
export type TrustSource = 'pin' | 'hub' | null;

export interface TakenFile {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly voucher: TrustSource;
  /** The commit of the file; null when the hub did not report it. */
  readonly commit: string | null;
}

export interface DownloadOptions {
  readonly client: HubClient;
  readonly signal: AbortSignal;
  /** @param total null while it is unknown */
  readonly onProgress?: (bytes: number, total: number | null) => void;
  /** First pause before a retry; doubles each time. */
  readonly retryAfterMs?: number | undefined;
}

/** Retries in a row without a new byte; together about half a minute. */
const retriesMax = 5;
/** Largest number of series of retries that each received new bytes. */
const stretchesMax = 100;
const retryAfterMsDefault = 1_000;
/** Longest pause that a server can request. */
const pauseMaxSec = 60;

export function partPathOf(file: string): string {
  return `${file}.part`;
}

/** @throws {LeitmotifError} download-failed after the retries, download-refused, download-corrupt (the partial file is deleted),
 *    disk-full and cancelled (the partial file is kept) */
export async function fetchFile(wanted: WantedFile, options: DownloadOptions): Promise<TakenFile> {
  const gains = new Gains(options.onProgress);
  for (let stretch = 1; ; stretch++) {
    try {
      return await fetchStubbornly(wanted, options, gains);
    } catch (error) {
      if (!gains.inThisAttempt || stretch === stretchesMax || !isPassing(error, true)) throw error;
      await pauseFor(error, options);
    }
  }
}

/** Retries attempts without new bytes. An attempt with new bytes that breaks ends this series; the caller starts another. */
function fetchStubbornly(wanted: WantedFile, options: DownloadOptions, gains: Gains): Promise<TakenFile> {
  const { signal, retryAfterMs = retryAfterMsDefault } = options;
  const fetchOnceMore = () => {
    gains.begin();
    return fetchOnce(wanted, { ...options, onProgress: (bytes, total) => gains.count(bytes, total) });
  };
  return pRetry(fetchOnceMore, {
    retries: retriesMax,
    minTimeout: retryAfterMs,
    maxTimeout: 16 * retryAfterMs,
    factor: 2,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => !gains.inThisAttempt && isPassing(error, gains.inAnyAttempt),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (retriesLeft > 0 && !gains.inThisAttempt) await pauseFor(error, { ...options, retryAfterMs: 0 });
    },
  });
}

/** Tracks which attempts received new bytes. */
class Gains {
  readonly #onProgress: DownloadOptions['onProgress'];
  #first: number | null = null;
  inThisAttempt = false;
  inAnyAttempt = false;

  constructor(onProgress: DownloadOptions['onProgress']) {
    this.#onProgress = onProgress;
  }

  begin(): void {
    this.#first = null;
    this.inThisAttempt = false;
  }

  count(bytes: number, total: number | null): void {
    this.#first ??= bytes;
    if (bytes > this.#first) {
      this.inThisAttempt = true;
      this.inAnyAttempt = true;
    }
    this.#onProgress?.(bytes, total);
  }
}

/** An unreachable host is retried only if it sent bytes before. */
function isPassing(error: unknown, hasProgressed: boolean): boolean {
  if (!(error instanceof LeitmotifError) || error.code !== 'download-failed') return false;
  return error.facts.kind !== 'unreachable' || hasProgressed;
}

/** Waits for the pause, or longer if the server requests it. */
async function pauseFor(
  error: unknown,
  { signal, retryAfterMs = retryAfterMsDefault }: DownloadOptions,
): Promise<void> {
  const requestedSec = error instanceof LeitmotifError ? Number(error.facts.retryAfterSec ?? 0) : 0;
  const pauseMs = Math.max(retryAfterMs, Math.min(requestedSec, pauseMaxSec) * 1000);
  // An abort ends the pause; the next request checks the signal.
  await delay(pauseMs, undefined, { signal }).catch(() => {});
}

/** Resumes the partial file; if it does not fit the hub's file, starts over. */
async function fetchOnce(wanted: WantedFile, options: DownloadOptions): Promise<TakenFile> {
  const partPath = partPathOf(wanted.file);
  for (;;) {
    const part = await PartFile.open(partPath);
    const isResumed = part.bytes > 0;
    let taken: TakenFile | null;
    try {
      taken = (await receive(part, wanted, options)) ? await check(part, wanted, isResumed) : null;
    } catch (error) {
      if (error instanceof LeitmotifError && error.code === 'download-corrupt') await PartFile.discard(partPath);
      throw error;
    } finally {
      await part[Symbol.asyncDispose]();
    }
    if (taken) {
      await withDiskFullError(wanted.file, () => rename(partPath, wanted.file));
      await PartFile.discard(partPath);
      await syncFolder(path.dirname(wanted.file));
      return taken;
    }
    await PartFile.discard(partPath);
  }
}

/** @returns false when the partial file cannot be resumed */
async function receive(part: PartFile, wanted: WantedFile, options: DownloadOptions): Promise<boolean> {
  const isWhole = part.bytes > 0 && part.bytes === part.identity.bytes && belongs(part.identity, wanted);
  if (isWhole) return true;
  const { client, signal, onProgress } = options;
  const isResuming = part.bytes > 0;
  const answer = await client.get(wanted.url, { headers: isResuming ? rangeOf(part) : {}, signal });
  try {
    if (isResuming && answer.status === 416) return false;
    if (answer.status !== 200 && !(isResuming && answer.status === 206)) {
      throw badStatus(answer.url, answer.status, retryAfterSecOf(answer), wanted.source);
    }
    const identity = identityOf(answer, wanted);
    if (answer.status === 200) await part.restart(identity);
    else if (!isContinuation(part, identity, answer)) return false;
    const total = part.identity.bytes;
    await assertRoom(wanted.file, part, total);
    onProgress?.(part.bytes, total);
    for await (const block of answer.body) {
      if (part.bytes + block.length > (total ?? wanted.bytesMax)) {
        throw total === null
          ? tooLarge(answer.url, wanted.bytesMax)
          : wrongSize(answer.url, total, part.bytes + block.length);
      }
      await part.append(block);
      onProgress?.(part.bytes, total);
    }
    if (total !== null && part.bytes < total) {
      throw downloadBroken(answer.url, `it ended after ${part.bytes} of ${total} bytes`);
    }
    return true;
  } finally {
    answer.close();
  }
}

function belongs({ sha256 }: PartIdentity, wanted: WantedFile): boolean {
  return wanted.sha256 === null ? sha256 !== null : sha256 === wanted.sha256;
}

/** Without an etag the range is requested too; then only the hash shows whether the parts fit. */
function rangeOf({ bytes, identity }: PartFile): Record<string, string> {
  return { range: `bytes=${bytes}-`, ...(identity.etag === null ? {} : { 'if-range': identity.etag }) };
}

/** @throws {LeitmotifError} download-corrupt when the hub's headers announce another or a larger file */
function identityOf(answer: HubAnswer, wanted: WantedFile): PartIdentity {
  const linked = contentNameOf(answer.hubHeader('x-linked-etag'));
  const named = linked ?? contentNameOf(answer.hubHeader('etag'));
  if (wanted.sha256 !== null && isSha256(linked) && linked !== wanted.sha256) {
    throw hashMismatch(answer.url, wanted.sha256, linked);
  }
  const offered = sizeOf(answer);
  const linkedBytes = integerOf(answer.hubHeader('x-linked-size'));
  const bytes = wanted.bytes ?? linkedBytes ?? offered;
  if (bytes !== null && offered !== null && offered !== bytes) throw wrongSize(answer.url, bytes, offered);
  if (bytes !== null && bytes > wanted.bytesMax) throw tooLarge(answer.url, wanted.bytesMax);
  const etag = answer.header('etag') ?? null;
  const commit = answer.hubHeader('x-repo-commit') ?? null;
  return {
    // A weak etag may stand for different bytes.
    etag: etag?.startsWith('W/') ? null : etag,
    sha256: wanted.sha256 ?? (isSha256(named) ? named : null),
    gitBlob: isGitBlob(named) ? named : null,
    bytes,
    commit: isCommit(commit) ? commit : null,
  };
}

function sizeOf(answer: HubAnswer): number | null {
  const length = integerOf(answer.header('content-length'));
  return answer.status === 206 ? (rangeIn(answer)?.total ?? null) : length;
}

function rangeIn(answer: HubAnswer): { from: number; total: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.header('content-range') ?? '');
  return match ? { from: Number(match[1]), total: integerOf(match[2]) } : null;
}

function integerOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function retryAfterSecOf(answer: HubAnswer): number | null {
  return integerOf(answer.header('retry-after'));
}

/** Whether the answer continues the partial file. */
function isContinuation(part: PartFile, now: PartIdentity, answer: HubAnswer): boolean {
  const before = part.identity;
  const agree = (a: unknown, b: unknown): boolean => a === null || b === null || a === b;
  return (
    rangeIn(answer)?.from === part.bytes &&
    agree(before.etag, now.etag) &&
    agree(before.sha256, now.sha256) &&
    agree(before.gitBlob, now.gitBlob) &&
    agree(before.bytes, now.bytes)
  );
}

async function assertRoom(file: string, part: PartFile, total: number | null): Promise<void> {
  if (total === null) return;
  const folder = path.dirname(file);
  const { bavail, bsize } = await statfs(folder);
  const [needed, free] = [total - part.bytes, bavail * bsize];
  if (needed > free) throw diskTooSmall(folder, needed, free);
}

/** @returns null when the hash is wrong but the file was resumed, so that starting over may help
 *  @throws {LeitmotifError} download-corrupt */
async function check(part: PartFile, wanted: WantedFile, isResumed: boolean): Promise<TakenFile | null> {
  const found = await part.finish();
  const { sha256, gitBlob, commit } = part.identity;
  if (sha256 !== null && found.sha256 !== sha256) {
    if (isResumed) return null;
    throw wrongHash(wanted.url, wanted.sha256 === null ? 'named by the hub' : 'pinned', sha256, found.sha256);
  }
  if (sha256 === null && gitBlob !== null) {
    const blob = await gitBlobOf(partPathOf(wanted.file));
    if (blob !== gitBlob) {
      if (isResumed) return null;
      throw wrongHash(wanted.url, "git's, named by the hub", gitBlob, blob);
    }
  }
  const voucher = wanted.sha256 !== null ? 'pin' : sha256 !== null || gitBlob !== null ? 'hub' : null;
  return { ...found, voucher, commit };
}

/** Removes the partial files of an abandoned download. */
export async function discardParts(file: string): Promise<void> {
  await PartFile.discard(partPathOf(file));
  await rm(`${partPathOf(file)}.json.partial`, { force: true });
}
