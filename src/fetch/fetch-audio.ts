/** Fetches the target of an untrusted link into a file, within limits and from public addresses only (guarded-request.ts).
 *
 *  The worker decides whether it is audio. Only plain text is refused here, because users paste links to pages.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, rm } from 'node:fs/promises';
import { parse } from 'content-disposition';
import pRetry from 'p-retry';
import { LeitmotifError } from '../errors.ts';
import { oneLine } from '../format.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import { createPrivateFile } from '../io/private-files.ts';
import { timeLimit } from '../io/time-limit.ts';
import { followLink, type LinkAnswer } from './follow-link.ts';
import { type Network, publicNetwork } from './guarded-request.ts';
import { linkNotAudio, linkTooLarge, linkTooSlow, linkUnreachable } from './link-errors.ts';

export interface FetchedAudio {
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly contentSha256: string;
  /** File name from the response headers or the link, one line; null when neither has one. */
  readonly name: string | null;
}

export interface FetchOptions {
  /** The file to write; it must not exist yet. Removed when fetching fails. */
  readonly path: string;
  readonly limits: { readonly bytesMax: number; readonly deadlineMs: number };
  readonly signal: AbortSignal;
  /** @param total null when the server does not say */
  readonly onProgress?: (bytes: number, total: number | null) => void;
  /** Origins excused from the guard (the local Discord's CDN is on loopback), never through a redirect. */
  readonly trustedOrigins?: readonly string[];
}

export interface FetchConditions {
  readonly network: Network;
  /** In each such period at least `paceBytesMin` must arrive. */
  readonly paceWindowMs: number;
}

/** Half of the slowest common bit rate of mp3 (64 kbit/s). A server that sends a byte a second is hostile. */
const paceBytesMin = 40_000;
const publicConditions: FetchConditions = { network: publicNetwork, paceWindowMs: 10_000 };

/** Number of bytes to check. Every audio container and compressed stream has a binary byte among them. */
export const sniffedBytes = 512;

/** Even Discord's CDN fails sometimes. The pauses together are short enough for a waiting user. */
const retries = { retries: 3, minTimeout: 50, factor: 3, randomize: true } as const;
const passingStatuses = [429, 500, 502, 503, 504];

/** Retries passing failures, three times.
 *  @param conditions set by tests only, which have no public address to fetch from
 *  @throws {LeitmotifError} link-refused, link-unreachable, link-too-large, link-too-slow, link-not-audio, cancelled,
 *    disk-full; facts: host (never what follows it), kind, status, contentType, bytesMax, deadlineSec */
export async function fetchAudio(
  link: string,
  options: FetchOptions,
  conditions: FetchConditions = publicConditions,
): Promise<FetchedAudio> {
  const pace = new AbortController();
  using limit = timeLimit(options.limits.deadlineMs, options.signal, pace.signal);
  const { signal } = limit;
  const { network, paceWindowMs } = conditions;
  const fetchOnce = async (): Promise<FetchedAudio> => {
    const answer = await followLink(link, { network, trustedOrigins: options.trustedOrigins ?? [], signal });
    try {
      assertWanted(answer, options.limits.bytesMax);
      return await save(answer, options, () => watchPace(pace, answer.url, paceWindowMs));
    } finally {
      answer.close();
    }
  };
  try {
    return await pRetry(fetchOnce, { ...retries, signal, shouldRetry: ({ error }) => isPassing(error) });
  } catch (error) {
    if (options.signal.aborted) throw new LeitmotifError('cancelled', 'Cancelled by the caller', { cause: error });
    if (limit.isOver) throw linkTooSlow(new URL(link), options.limits.deadlineMs, error);
    throw error;
  }
}

/** Whether a retry may succeed: the server is overloaded or restarting, or the connection broke. */
function isPassing(error: Error): boolean {
  if (!(error instanceof LeitmotifError) || error.code !== 'link-unreachable') return false;
  const { status } = error.facts;
  if (status !== undefined) return passingStatuses.includes(Number(status));
  return (error.cause as { code?: unknown } | undefined)?.code === 'ECONNRESET';
}

function assertWanted({ url, status, header }: LinkAnswer, bytesMax: number): void {
  if (status !== 200) throw linkUnreachable(url, `got status ${status}`, { status });
  const encoding = header('content-encoding')?.trim().toLowerCase() ?? '';
  // A compressed answer, sent although plain bytes were requested, may unpack to any size.
  if (encoding !== '' && encoding !== 'identity') throw linkNotAudio(url, 'encoded', header('content-type'));
  if (Number(header('content-length') ?? 0) > bytesMax) throw linkTooLarge(url, bytesMax);
}

async function save(answer: LinkAnswer, options: FetchOptions, watch: () => Watch): Promise<FetchedAudio> {
  const { path } = options;
  const file = await withDiskFullError(path, () => createPrivateFile(path));
  const watched = watch();
  try {
    const written = await write(answer, file, options, watched);
    await file.close();
    return { path, ...written, name: nameOfLink(answer.url, answer.header('content-disposition')) };
  } catch (error) {
    await file.close().catch(() => {});
    await rm(path, { force: true });
    throw error;
  } finally {
    watched.stop();
  }
}

async function write(answer: LinkAnswer, file: FileHandle, options: FetchOptions, watch: Watch) {
  const { path, limits, onProgress } = options;
  const declared = Number(answer.header('content-length') ?? Number.NaN);
  const total = Number.isSafeInteger(declared) ? declared : null;
  const hash = createHash('sha256');
  let head = new Uint8Array();
  let sizeBytes = 0;
  for await (const block of answer.body) {
    sizeBytes += block.length;
    watch.received(block.length);
    if (sizeBytes > limits.bytesMax) throw linkTooLarge(answer.url, limits.bytesMax);
    if (head.length < sniffedBytes) {
      head = Buffer.concat([head, block.subarray(0, sniffedBytes - head.length)]);
      if (head.length === sniffedBytes) assertNoText(answer, head);
    }
    hash.update(block);
    await withDiskFullError(path, () => file.writeFile(block));
    onProgress?.(sizeBytes, total);
  }
  if (head.length < sniffedBytes) assertNoText(answer, head);
  return { sizeBytes, contentSha256: hash.digest('hex') };
}

interface Watch {
  received(bytes: number): void;
  stop(): void;
}

function watchPace(pace: AbortController, url: URL, windowMs: number): Watch {
  let bytes = 0;
  const timer = setInterval(() => {
    if (bytes < paceBytesMin) pace.abort(linkTooSlow(url, windowMs));
    bytes = 0;
  }, windowMs);
  return {
    received: (more) => {
      bytes += more;
    },
    stop: () => clearInterval(timer),
  };
}

function assertNoText({ url, header }: LinkAnswer, head: Uint8Array): void {
  if (beginsAsText(head)) throw linkNotAudio(url, 'page', header('content-type'));
}

/** Whether a file starts like text (HTML, JSON, a playlist, an error message).
 *  @param head the first bytes, `sniffedBytes` of them unless there are fewer; nothing is not a text
 *  @see https://mimesniff.spec.whatwg.org/#binary-data-byte */
export function beginsAsText(head: Uint8Array): boolean {
  const hasUtf16Mark =
    (head[0] === 0xfe && head[1] === 0xff) || (head[0] === 0xff && head[1] === 0xfe && head[3] === 0);
  return head.length > 0 && (hasUtf16Mark || !head.some(isBinaryByte));
}

function isBinaryByte(byte: number): boolean {
  return byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
}

/** Names a fetched file. The name is untrusted text, for display only.
 *
 *  @param disposition the Content-Disposition header, if there is one
 *  @returns one line without folders, or null when neither has a name */
export function nameOfLink(url: URL, disposition: string | undefined): string | null {
  const names = [disposition === undefined ? '' : fileNameOf(disposition), decoded(url.pathname)];
  return names.map((name) => oneLine(name.split(/[/\\]/).at(-1) ?? '')).find((name) => name !== '') ?? null;
}

function fileNameOf(disposition: string): string {
  try {
    return parse(disposition).parameters.filename ?? '';
  } catch {
    return '';
  }
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
