/** Errors of downloads, with messages for the user. URLs are shown without their query, which contains signatures on a hub's
 *  storage. */
import { type ErrorFacts, LeitmotifError } from '../../errors.ts';
import { formatBytes } from '../../format.ts';

const whereOf = (url: URL): string => `${url.origin}${url.pathname}`;

/** No answer was received. */
export function hubUnreachable(url: URL, cause: unknown): LeitmotifError {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const reason = typeof code === 'string' ? code : String(message ?? cause);
  const why = isCertificateTrouble(reason)
    ? `its certificate is not trusted here (${reason}); where a proxy of your own signs it, name that authority in NODE_EXTRA_CA_CERTS`
    : reason;
  return new LeitmotifError('download-failed', `Cannot reach ${url.host}: ${why}`, {
    cause,
    facts: { host: url.host, kind: 'unreachable' },
  });
}

function isCertificateTrouble(reason: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/.test(reason);
}

/** The download ended early or stalled. */
export function downloadBroken(url: URL, why: string, cause?: unknown): LeitmotifError {
  return new LeitmotifError('download-failed', `Cannot download ${whereOf(url)}: ${why}`, {
    cause,
    facts: { host: url.host, kind: 'broken' },
  });
}

/** The model hub, or the Python package index. */
export type DownloadSource = 'hub' | 'package';

/** @param retryAfterSec from the Retry-After header */
export function badStatus(
  url: URL,
  status: number,
  retryAfterSec: number | null,
  source: DownloadSource = 'hub',
): LeitmotifError {
  const facts: ErrorFacts = {
    host: url.host,
    kind: 'status',
    status,
    ...(retryAfterSec === null ? {} : { retryAfterSec }),
  };
  const words = source === 'hub' ? hubWords(url, status) : indexWords(url, status);
  const code = passingStatuses.includes(status) ? 'download-failed' : 'download-refused';
  return new LeitmotifError(code, `Cannot download ${whereOf(url)}: ${words}`, { facts });
}

/** Temporary failures. */
const passingStatuses: readonly number[] = [408, 429, 500, 502, 503, 504];

function indexWords({ host }: URL, status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `${host} does not let you (${status}): name an index in PIP_INDEX_URL that anybody may read`;
    case 404:
      return `${host} does not have it (404): name an index in PIP_INDEX_URL that has this package`;
    case 429:
      return `${host} is asked too often (429): wait`;
    default:
      return `got status ${status}`;
  }
}

function hubWords({ host }: URL, status: number): string {
  switch (status) {
    case 401:
      return `${host} asks who you are (401): set HF_TOKEN to a token of yours that may read it`;
    case 403:
      return `${host} does not let you (403): accept the model's terms on its page, and set HF_TOKEN to a token that may read it`;
    case 404:
      return `${host} does not have it (404): the repository was moved or changed, or is private and HF_TOKEN is not set`;
    case 429:
      return `${host} is asked too often (429): wait, or set HF_TOKEN, which is allowed more`;
    default:
      return `got status ${status}`;
  }
}

export function badRedirect(url: URL, why: string): LeitmotifError {
  return new LeitmotifError('download-refused', `Cannot download ${whereOf(url)}: ${why}`, {
    facts: { host: url.host, kind: 'redirect' },
  });
}

export function wrongSize(url: URL, expectedBytes: number, gotBytes: number): LeitmotifError {
  return new LeitmotifError(
    'download-corrupt',
    `Cannot take ${whereOf(url)}: expected ${expectedBytes} bytes, got ${gotBytes}; it is another file, and was deleted`,
    { facts: { host: url.host, expectedBytes, gotBytes } },
  );
}

export function tooLarge(url: URL, bytesMax: number): LeitmotifError {
  return new LeitmotifError(
    'download-corrupt',
    `Cannot take ${whereOf(url)}: expected at most ${formatBytes(bytesMax)}; it is another file, and was deleted`,
    { facts: { host: url.host, bytesMax } },
  );
}

/** @param who source of the expected hash: the pin or the hub */
export function wrongHash(url: URL, who: string, expected: string, got: string): LeitmotifError {
  return new LeitmotifError(
    'download-corrupt',
    `Cannot take ${whereOf(url)}: expected the hash ${expected} (${who}), got ${got}; the file was deleted`,
    { facts: { host: url.host, expected, got } },
  );
}

export function diskTooSmall(folder: string, neededBytes: number, freeBytes: number): LeitmotifError {
  return new LeitmotifError(
    'disk-full',
    `Cannot download into ${folder}: expected ${formatBytes(neededBytes)} of room, got ${formatBytes(freeBytes)}`,
    { facts: { neededBytes, freeBytes } },
  );
}

/** The hub announces another hash before the download. */
export function hashMismatch(url: URL, expected: string, offered: string): LeitmotifError {
  return new LeitmotifError(
    'download-corrupt',
    `Cannot take ${whereOf(url)}: expected the hash ${expected} (pinned), and the hub offers ${offered}: what lies there is another file now`,
    { facts: { host: url.host, expected, got: offered } },
  );
}
