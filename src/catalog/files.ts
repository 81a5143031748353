/** Records outcomes of a file other than an embedding: it failed, its metadata changed, or it was moved. */
import type { ErrorCode } from '../errors.ts';
import type { Database } from './database.ts';
import { reviveTrack } from './removals.ts';
import type { Spaces } from './spaces.ts';
import type { FileFacts } from './track-rows.ts';

export interface FailedAttempt {
  /** The space of the attempt; null when the file failed earlier, for example in the listing. */
  readonly spaceId: string | null;
  /** Null when the content could not be read. */
  readonly contentSha256: string | null;
  readonly code: ErrorCode;
  readonly message: string;
  /** Delay before the next try after `tries` failures in a row (1 or more); null (the default): until the file changes. */
  readonly coolDownMs?: (tries: number) => number | null;
}

const upsertFailed = `
INSERT INTO tracks (key, size_bytes, mtime_ms, etag, content_sha256, status, error_code, error_message, error_space,
  error_tries, error_at_ms, created_at_ms, updated_at_ms)
VALUES ($key, $sizeBytes, $mtimeMs, $etag, $sha256, 'failed', $code, $message, $space, 1, $now, $now, $now)
ON CONFLICT (key) DO UPDATE SET
  error_tries = CASE WHEN $sha256 IS content_sha256 OR $sha256 IS NULL THEN error_tries + 1 ELSE 1 END,
  size_bytes = $sizeBytes, mtime_ms = $mtimeMs, etag = $etag, content_sha256 = coalesce($sha256, content_sha256),
  status = CASE WHEN status = 'indexed' AND EXISTS (SELECT 1 FROM track_spaces WHERE track_id = tracks.id)
    THEN 'indexed' ELSE 'failed' END,
  removed_by = NULL, error_code = $code, error_message = $message, error_space = $space, error_at_ms = $now,
  updated_at_ms = $now
RETURNING id, error_tries`;

export class Files {
  readonly #database: Database;
  readonly #spaces: Spaces;
  readonly #now: () => number;

  constructor(database: Database, spaces: Spaces, now: () => number) {
    this.#database = database;
    this.#spaces = spaces;
    this.#now = now;
  }

  /** Records that a file could not be indexed. Vectors of other content are deleted. When the content could not be read,
   *  all vectors stay, because nothing shows that they are wrong. */
  putFailed(facts: Pick<FileFacts, 'key'> & Partial<FileFacts>, attempt: FailedAttempt): void {
    this.#database.transaction(() => {
      if (attempt.contentSha256 !== null) this.#dropOtherContent(facts.key, attempt.contentSha256);
      const nowMs = this.#now();
      const row = this.#database.get(upsertFailed, {
        key: facts.key,
        sizeBytes: facts.sizeBytes ?? null,
        mtimeMs: facts.mtimeMs ?? null,
        etag: facts.etag ?? null,
        sha256: attempt.contentSha256,
        code: attempt.code,
        message: attempt.message,
        space: attempt.spaceId === null ? null : (this.#spaces.get(attempt.spaceId)?.row ?? null),
        now: nowMs,
      });
      const coolDownMs = attempt.coolDownMs?.(Number(row?.error_tries)) ?? null;
      this.#database.write(
        'UPDATE tracks SET error_retry_at_ms = ? WHERE id = ?',
        coolDownMs === null ? null : nowMs + coolDownMs,
        Number(row?.id),
      );
    });
  }

  /** Lets the next run try failed files again at once, whatever their cool-down.
   *  @param keys null: all
   *  @returns how many there were */
  retryNow(keys: readonly string[] | null): number {
    const update = `UPDATE tracks SET error_retry_at_ms = $now WHERE error_code IS NOT NULL AND status <> 'removed'
      AND ($keys IS NULL OR key IN (SELECT value FROM json_each($keys)))`;
    const values = { now: this.#now(), keys: keys === null ? null : JSON.stringify(keys) };
    return this.#database.write(update, values).changes;
  }

  #dropOtherContent(key: string, contentSha256: string): void {
    const track = this.#database.get('SELECT id FROM tracks WHERE key = ?', key);
    if (track === undefined) return;
    const stale = 'track_id = ? AND content_sha256 <> ?';
    this.#database.write(
      `UPDATE spaces SET revision = revision + 1 WHERE id IN (SELECT space FROM track_spaces WHERE ${stale})`,
      Number(track.id),
      contentSha256,
    );
    this.#database.write(`DELETE FROM track_spaces WHERE ${stale}`, Number(track.id), contentSha256);
  }

  /** The file's size, time or etag changed but its content did not: stores the new values and makes a removed or failed
   *  track live again. Only for a track that is embedded. */
  touch(facts: FileFacts): void {
    this.#database.transaction(() => {
      reviveTrack(this.#database, this.#spaces, facts.key);
      this.#database.write(
        `UPDATE tracks SET size_bytes = ?, mtime_ms = ?, etag = ?, error_code = NULL, error_message = NULL,
           error_space = NULL, error_tries = 0, updated_at_ms = ? WHERE key = ?`,
        facts.sizeBytes,
        facts.mtimeMs,
        facts.etag,
        this.#now(),
        facts.key,
      );
    });
  }

  /** The file was moved: the track keeps its id, so that generations stay valid. Deletes a removed or failed track at the
   *  new key.
   *  @throws {RangeError} when a live track has the new key */
  rename(fromKey: string, facts: FileFacts): void {
    this.#database.transaction(() => {
      const existing = this.#database.get('SELECT status FROM tracks WHERE key = ?', facts.key);
      if (existing?.status === 'indexed') throw new RangeError(`Cannot rename to ${facts.key}: the key is taken`);
      this.#database.write('DELETE FROM tracks WHERE key = ?', facts.key);
      reviveTrack(this.#database, this.#spaces, fromKey);
      this.#database.write(
        'UPDATE tracks SET key = ?, size_bytes = ?, mtime_ms = ?, etag = ?, updated_at_ms = ? WHERE key = ?',
        facts.key,
        facts.sizeBytes,
        facts.mtimeMs,
        facts.etag,
        this.#now(),
        fromKey,
      );
    });
  }
}
