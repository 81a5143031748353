/** Expected failures: each has a code and a message for the person who can act; one table maps codes to HTTP statuses.
 *
 *  Programming errors are RangeError and TypeError and are not caught; failures caused by input, disk or network are
 *  LeitmotifErrors. Messages say "Cannot <action>: expected X, got Y" and keep `cause`.
 */

/** code -> [HTTP status at the worker, whether the same request may succeed later unchanged] */
const errorTable = {
  'audio-empty': [422, false],
  'audio-unreadable': [422, false],
  'audio-refused': [422, false],
  'audio-no-sound': [422, false],
  'audio-too-short': [422, false],
  'audio-too-long': [413, false],
  'audio-too-large': [413, false],
  'audio-timeout': [422, false],
  'audio-too-costly': [422, false],
  'query-timeout': [504, true],
  'file-unreadable': [422, false],
  'library-forbidden': [403, false],
  'library-unavailable': [503, true],
  'decode-failed': [500, true],
  'bad-request': [400, false],
  unauthorized: [401, false],
  'model-unknown': [404, false],
  'model-without-text': [404, false],
  'text-refused': [422, false],
  'space-mismatch': [409, false],
  'queue-full': [429, true],
  cancelled: [499, false],
  'inference-failed': [500, true],
  'worker-unavailable': [503, true],
  'worker-protocol': [502, true],
  'index-unavailable': [503, true],
  'index-empty': [503, false],
  'index-corrupt': [503, false],
  'catalog-busy': [503, true],
  'catalog-version': [500, false],
  'catalog-corrupt': [500, false],
  'disk-full': [507, true],
  'permission-denied': [500, false],
  'index-locked': [409, true],
  'tool-missing': [500, false],
  'config-invalid': [500, false],
  'track-unknown': [404, false],
  'import-refused': [422, false],
  'link-refused': [400, false],
  'link-unreachable': [502, true],
  'link-too-large': [413, false],
  'link-too-slow': [504, true],
  'link-not-audio': [415, false],
  'download-failed': [502, true],
  'download-refused': [502, false],
  'download-corrupt': [502, false],
  'model-locked': [409, true],
  'answer-expired': [410, false],
  'busy-person': [429, true],
  'busy-server': [429, true],
  'busy-bot': [429, true],
  'cooling-down': [429, true],
  stopping: [503, true],
  'not-allowed': [403, false],
  'discord-permission': [403, false],
  'discord-unavailable': [502, true],
  internal: [500, false],
} as const satisfies Record<string, readonly [status: number, retryable: boolean]>;

export type ErrorCode = keyof typeof errorTable;

/** Values for messages about a failure in any language: sizes, limits, times, names.
 *  Keys end in their unit: bytesMax, durationMaxSec, retryAtMs, permission, channelId. */
export type ErrorFacts = Readonly<Record<string, string | number>>;

export class LeitmotifError extends Error {
  override readonly name = 'LeitmotifError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; facts?: ErrorFacts } = {}) {
    super(message, options);
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

export function httpStatusOf(code: ErrorCode): number {
  return errorTable[code][0];
}

export function isRetryable(error: unknown): boolean {
  return error instanceof LeitmotifError && errorTable[error.code][1];
}

/** Converts an abort or an unexpected error to a LeitmotifError and keeps the cause. */
export function toLeitmotifError(error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new LeitmotifError('cancelled', 'Cancelled before it was finished', { cause: error });
  }
  if (isNoSpace(error)) {
    const { dest, path } = error as { dest?: string; path?: string };
    const what = dest ?? path;
    return new LeitmotifError('disk-full', `Cannot write${what ? ` ${what}` : ''}: the disk is full`, { cause: error });
  }
  const refusal = refusedByFileSystem(error);
  if (refusal !== null) return new LeitmotifError('permission-denied', refusal, { cause: error });
  return new LeitmotifError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

const refusals: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** Message for the operator if the file system refused access; null for any other error. */
function refusedByFileSystem(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, path, dest, syscall } = error as { code?: unknown; path?: unknown; dest?: unknown; syscall?: unknown };
  const why = typeof code === 'string' ? refusals[code] : undefined;
  if (why === undefined || typeof path !== 'string') return null;
  const place = typeof dest === 'string' ? dest : path;
  const remedy =
    code === 'EROFS'
      ? 'Use a folder on another file system'
      : 'Let the user that runs Leitmotif write there (after a run with sudo: sudo chown -R "$(id -un)" FOLDER), or use another folder';
  return `Cannot use ${place}: ${why} (${code}, ${syscall}). ${remedy}: INDEX_DIR, MODELS_DIR and options of commands name folders`;
}

function isNoSpace(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, errstr } = error as { code?: unknown; errstr?: unknown };
  return code === 'ENOSPC' || errstr === 'database or disk is full';
}
