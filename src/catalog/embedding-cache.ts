/** Caches the embeddings of queries: repeating a query with other options, with a newer generation or after a restart
 *  needs no audio. The audio itself is not stored. */
import type { Database } from './database.ts';

export interface EmbeddingCacheKey {
  readonly contentSha256: string;
  readonly spaceId: string;
  /** The embedded part of the recording, in one canonical text. */
  readonly part: string;
}

export class EmbeddingCache {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Stores an embedding, or replaces it and renews its time. */
  put({ contentSha256, spaceId, part }: EmbeddingCacheKey, recording: Uint8Array): void {
    this.#database.write(
      `INSERT INTO heard (content_sha256, space_id, part, recording, created_at_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET recording = excluded.recording, created_at_ms = excluded.created_at_ms`,
      ...[contentSha256, spaceId, part, recording, this.#now()],
    );
  }

  get({ contentSha256, spaceId, part }: EmbeddingCacheKey): Uint8Array | null {
    const select = 'SELECT recording FROM heard WHERE content_sha256 = ? AND space_id = ? AND part = ?';
    const row = this.#database.get(select, contentSha256, spaceId, part);
    return row === undefined ? null : (row.recording as Uint8Array);
  }

  /** Renews the time of a cached embedding. */
  renew({ contentSha256, spaceId, part }: EmbeddingCacheKey): void {
    const update = 'UPDATE heard SET created_at_ms = ? WHERE content_sha256 = ? AND space_id = ? AND part = ?';
    this.#database.write(update, this.#now(), contentSha256, spaceId, part);
  }

  /** @returns number of deleted entries */
  removeBefore(ms: number): number {
    const removed = this.#database.write('DELETE FROM heard WHERE created_at_ms < ?', ms);
    // A timestamp in the future means that the clock was set back. Reset it to now, or the row would be kept too long.
    const nowMs = this.#now();
    this.#database.write('UPDATE heard SET created_at_ms = ? WHERE created_at_ms > ?', nowMs, nowMs);
    return removed.changes;
  }
}
