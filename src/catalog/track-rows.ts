/** Types of `tracks` rows for the rest of the program. */
import type { Track, TrackStatus } from '../domain.ts';
import { type ErrorCode, isErrorCode } from '../errors.ts';

/** A file's metadata in the listing: enough to detect a change without opening the file. */
export interface FileFacts {
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with the fraction that the file system stores. */
  readonly mtimeMs: number;
  /** Version of a blob in a remote library; null for a folder. */
  readonly etag: string | null;
}

/** A file's metadata; null for a track without a file. */
export interface FileMetadata {
  readonly key: string;
  readonly sizeBytes: number | null;
  readonly mtimeMs: number | null;
  readonly etag: string | null;
}

/** The columns that all writes of a file share, by the parameter names of the statements. */
export function fileColumns(facts: FileMetadata, nowMs: number) {
  return { key: facts.key, sizeBytes: facts.sizeBytes, mtimeMs: facts.mtimeMs, etag: facts.etag, now: nowMs };
}

/** scan: the file is gone and may return; request: a user removed the track, and it stays removed. */
export type RemovedBy = 'scan' | 'request';

/** The state of one track that a scan compares with. */
export interface KnownTrack {
  readonly id: number;
  readonly key: string;
  readonly status: TrackStatus;
  readonly removedBy: RemovedBy | null;
  /** Null for a track without a readable file. */
  readonly sizeBytes: number | null;
  readonly mtimeMs: number | null;
  readonly etag: string | null;
  /** Lower-case hex of the content that was last read; null when it could not be read. */
  readonly contentSha256: string | null;
  /** Whether the given space has vectors of that content. */
  readonly embedded: boolean;
  /** Time of those vectors, milliseconds since 1970; null without them. */
  readonly embeddedAtMs: number | null;
  /** The last failure, if it was in the given space or before any space. */
  readonly failure: Pick<Failure, 'code' | 'tries' | 'atMs' | 'retryAtMs'> | null;
}

/** A track's last failure. */
export interface Failure {
  readonly key: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** Failed attempts since it was last indexed or its content changed. */
  readonly tries: number;
  readonly atMs: number;
  /** Time of the next try, milliseconds since 1970; null: when the file changes or a user requests it. */
  readonly retryAtMs: number | null;
}

type Row = Record<string, unknown>;

export function toTrack(row: Row): Track {
  return {
    id: Number(row.id),
    key: String(row.key),
    title: textOrNull(row.title),
    artist: textOrNull(row.artist),
    album: textOrNull(row.album),
    durationSec: Number(row.duration_sec),
    status: row.status as TrackStatus,
  };
}

export function toKnownTrack(row: Row): KnownTrack {
  return {
    id: Number(row.id),
    key: String(row.key),
    status: row.status as TrackStatus,
    removedBy: row.removed_by as RemovedBy | null,
    sizeBytes: numberOrNull(row.size_bytes),
    mtimeMs: numberOrNull(row.mtime_ms),
    etag: textOrNull(row.etag),
    contentSha256: textOrNull(row.content_sha256),
    embedded: row.embedded === 1,
    embeddedAtMs: numberOrNull(row.embedded_at_ms),
    failure: row.failed_here === 1 ? toAttempt(row) : null,
  };
}

export function toFailure(row: Row): Failure {
  return {
    key: String(row.key),
    message: String(row.error_message),
    ...toAttempt(row),
  };
}

function toAttempt(row: Row): Pick<Failure, 'code' | 'tries' | 'atMs' | 'retryAtMs'> {
  return {
    code: toCode(row.error_code),
    tries: Number(row.error_tries),
    atMs: Number(row.error_at_ms),
    retryAtMs: numberOrNull(row.error_retry_at_ms),
  };
}

/** An unknown code of another version becomes 'internal'. */
function toCode(value: unknown): ErrorCode {
  const text = String(value);
  return isErrorCode(text) ? text : 'internal';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
