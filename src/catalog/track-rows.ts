/** Rows of `tracks` as the rest of the program sees them. */
import type { Track, TrackStatus } from '../domain.ts';
import { type ErrorCode, isErrorCode } from '../errors.ts';

/** How a file looked when it was listed: enough to tell, without opening it, that it has not changed. */
export interface FileFacts {
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with whatever fraction the file system keeps. */
  readonly mtimeMs: number;
  /** What a remote library names a version by; null where there is no such thing. */
  readonly etag: string | null;
}

/** A file's looks; null where no file was looked at. */
export interface LookedAt {
  readonly key: string;
  readonly sizeBytes: number | null;
  readonly mtimeMs: number | null;
  readonly etag: string | null;
}

/** The columns that every write of a looked-at file has in common, by the names that the statements use. */
export function fileColumns(facts: LookedAt, nowMs: number) {
  return { key: facts.key, sizeBytes: facts.sizeBytes, mtimeMs: facts.mtimeMs, etag: facts.etag, now: nowMs };
}

/** Whose removal it was: the file is gone (it may come back), or somebody asked for it (it stays away). */
export type RemovedBy = 'scan' | 'request';

/** What a scan needs to know of one track. */
export interface KnownTrack {
  readonly id: number;
  readonly key: string;
  readonly status: TrackStatus;
  readonly removedBy: RemovedBy | null;
  /** Null for a track of which no file could be looked at. */
  readonly sizeBytes: number | null;
  readonly mtimeMs: number | null;
  readonly etag: string | null;
  /** Lower-case hex of the content last looked at; null when it could not be read. */
  readonly contentSha256: string | null;
  /** Whether the asked space holds vectors of that very content. */
  readonly embedded: boolean;
  /** When those were made; null without them. Milliseconds since 1970. */
  readonly embeddedAtMs: number | null;
  /** The last failure, if it was in the asked space or before any. */
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
  /** From when on it is tried again, milliseconds since 1970; null: when the file changes, or somebody asks for it. */
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

/** A code that this version no longer has reads as 'internal'. */
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
