/** Expected failures: each has a code and a message for the person who can act.
 *
 *  Programming errors are RangeError and TypeError and are not caught; failures caused by input, disk or network are
 *  LeitmotifErrors. Messages say "Cannot <action>: expected X, got Y" and keep `cause`.
 */

/** code -> whether the same request may succeed later unchanged */
const errorTable = {
  'audio-empty': false,
  'audio-unreadable': false,
  'audio-refused': false,
  'audio-no-sound': false,
  'audio-too-short': false,
  'audio-too-long': false,
  'audio-too-large': false,
  'audio-timeout': false,
  'audio-too-costly': false,
  'query-timeout': true,
  'file-unreadable': false,
  'library-forbidden': false,
  'library-unavailable': true,
  'decode-failed': true,
  'bad-request': false,
  unauthorized: false,
  'model-unknown': false,
  'model-without-text': false,
  'text-refused': false,
  'space-mismatch': false,
  'queue-full': true,
  cancelled: false,
  'inference-failed': true,
  'worker-unavailable': true,
  'worker-protocol': true,
  'index-unavailable': true,
  'index-empty': false,
  'index-corrupt': false,
  'catalog-busy': true,
  'catalog-version': false,
  'catalog-corrupt': false,
  'disk-full': true,
  'permission-denied': false,
  'index-locked': true,
  'tool-missing': false,
  'config-invalid': false,
  'track-unknown': false,
  'import-refused': false,
  'link-refused': false,
  'link-unreachable': true,
  'link-too-large': false,
  'link-too-slow': true,
  'link-not-audio': false,
  'download-failed': true,
  'download-refused': false,
  'download-corrupt': false,
  'model-locked': true,
  'answer-expired': false,
  'busy-person': true,
  'busy-server': true,
  'busy-bot': true,
  'cooling-down': true,
  stopping: true,
  'not-allowed': false,
  'not-found': false,
  'discord-permission': false,
  'discord-unavailable': true,
  internal: false,
} as const satisfies Record<string, boolean>;

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

export function isRetryable(error: unknown): boolean {
  return error instanceof LeitmotifError && errorTable[error.code];
}

/** Converts an abort or an unexpected error to a LeitmotifError and keeps the cause. */
export function toLeitmotifError(error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new LeitmotifError('cancelled', 'Cancelled before it was finished', { cause: error });
  }
  if (isDiskFullError(error)) {
    const { dest, path } = error as { dest?: string; path?: string };
    const target = dest ?? path;
    return new LeitmotifError('disk-full', `Cannot write${target ? ` ${target}` : ''}: the disk is full`, {
      cause: error,
    });
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

/** No space left, over the quota, over the file size limit: the operator treats all three as a full disk. */
const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Whether an error of the file system or of SQLite reports a full disk. */
export function isDiskFullError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, errstr } = error as { code?: unknown; errstr?: unknown };
  return fullCodes.includes(code) || errstr === 'database or disk is full';
}
