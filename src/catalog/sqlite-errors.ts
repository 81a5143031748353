/** Maps SQLite's errors to LeitmotifErrors. */
import { LeitmotifError } from '../errors.ts';

/** Primary result codes, the low byte of `errcode`. @see https://www.sqlite.org/rescode.html */
const busy = 5;
const locked = 6;
const readOnly = 8;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;
/** Growing the WAL's shared memory file failed. On a full disk this error comes before SQLITE_FULL. */
const ioErrorShmSize = 4874;

const remedy = 'let the user that runs Leitmotif write in its folder, or set INDEX_DIR to another one';

/** @param readOnlyReason the reason why the catalog is read-only; null when it is not
 *  @returns a LeitmotifError for causes in the disk or another process; other errors unchanged */
export function fromSqliteError(error: unknown, path: string, readOnlyReason: string | null = null): unknown {
  if (!isSqliteError(error)) return error;
  const primary = error.errcode & 0xff;
  if (primary === readOnly && readOnlyReason !== null) {
    const message =
      `Cannot write the catalog ${path}: ${readOnlyReason}. Questions are answered; to index or to change anything, make ` +
      'it writable or set INDEX_DIR to another folder';
    return new LeitmotifError('file-unreadable', message, { cause: error });
  }
  if (error.errcode === ioErrorShmSize || primary === full) {
    return new LeitmotifError('disk-full', `Cannot write the catalog ${path}: the disk is full`, { cause: error });
  }
  if (primary === busy || primary === locked) {
    return new LeitmotifError('catalog-busy', `Cannot use the catalog ${path}: another process is writing to it`, {
      cause: error,
    });
  }
  if (primary === corrupt || primary === notADatabase) {
    return new LeitmotifError('catalog-corrupt', `Cannot read the catalog ${path}: ${error.message}`, { cause: error });
  }
  if (primary === cannotOpen || primary === readOnly) {
    return new LeitmotifError('file-unreadable', `Cannot open the catalog ${path}: ${error.message}; ${remedy}`, {
      cause: error,
    });
  }
  return error;
}

function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && typeof (error as { errcode?: unknown }).errcode === 'number';
}
