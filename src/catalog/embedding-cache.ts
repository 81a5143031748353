/** What the worker made of queries, so that asking again (other options, a newer generation, after a restart) needs no
 *  audio, which is not kept. */
import type { Database } from './database.ts';

export interface HeardKey {
  readonly contentSha256: string;
  readonly spaceId: string;
  /** The part that was embedded, in one canonical text. */
  readonly part: string;
}

export class Heard {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Keeps it, or keeps it for longer. */
  put({ contentSha256, spaceId, part }: HeardKey, recording: Uint8Array): void {
    this.#database.write(
      `INSERT INTO heard (content_sha256, space_id, part, recording, created_at_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET recording = excluded.recording, created_at_ms = excluded.created_at_ms`,
      ...[contentSha256, spaceId, part, recording, this.#now()],
    );
  }

  get({ contentSha256, spaceId, part }: HeardKey): Uint8Array | null {
    const select = 'SELECT recording FROM heard WHERE content_sha256 = ? AND space_id = ? AND part = ?';
    const row = this.#database.get(select, contentSha256, spaceId, part);
    return row === undefined ? null : (row.recording as Uint8Array);
  }

  /** Keeps it for longer, if it is there. */
  renew({ contentSha256, spaceId, part }: HeardKey): void {
    const update = 'UPDATE heard SET created_at_ms = ? WHERE content_sha256 = ? AND space_id = ? AND part = ?';
    this.#database.write(update, this.#now(), contentSha256, spaceId, part);
  }

  /** @returns how many queries */
  removeBefore(ms: number): number {
    const removed = this.#database.write('DELETE FROM heard WHERE created_at_ms < ?', ms);
    // Made in what is now the future: the clock was set back since. It is as old as now, or it would stay for longer.
    const nowMs = this.#now();
    this.#database.write('UPDATE heard SET created_at_ms = ? WHERE created_at_ms > ?', nowMs, nowMs);
    return removed.changes;
  }
}
