/** Tracks that go out of the answers, and come back. */
import { LeitmotifError } from '../errors.ts';
import type { Database, Row } from './database.ts';
import type { Spaces } from './spaces.ts';
import type { RemovedBy } from './track-rows.ts';

const setLive = `
UPDATE tracks SET removed_by = NULL, status = CASE WHEN EXISTS
  (SELECT 1 FROM track_spaces WHERE track_id = tracks.id) THEN 'indexed' ELSE 'failed' END
WHERE id = ?`;

export class Removals {
  readonly #database: Database;
  readonly #spaces: Spaces;
  readonly #now: () => number;

  constructor(database: Database, spaces: Spaces, now: () => number) {
    this.#database = database;
    this.#spaces = spaces;
    this.#now = now;
  }

  /** Takes tracks out of all answers at once. Their vectors stay until `purge`, so that a file that comes back
   *  or turns up elsewhere is not embedded again.
   *  @throws {LeitmotifError} 'track-unknown', and then none is removed */
  remove(keys: Iterable<string>, removedBy: RemovedBy): void {
    this.#database.transaction(() => {
      for (const key of keys) {
        const track = this.#mustHave(key);
        if (track.status === 'indexed') this.#spaces.bumpAllOf(Number(track.id));
        this.#database.write(
          "UPDATE tracks SET status = 'removed', removed_by = ?, updated_at_ms = ? WHERE key = ?",
          removedBy,
          this.#now(),
          key,
        );
      }
    });
  }

  /** Undoes `remove`. A track without vectors becomes a failed one, which the next run looks at.
   *  @throws {LeitmotifError} 'track-unknown' */
  restore(key: string): void {
    this.#database.transaction(() => {
      this.#mustHave(key);
      comeBack(this.#database, this.#spaces, key);
    });
  }

  /** Deletes removed tracks for good, vectors and all, that were removed before a moment. Those that somebody asked to
   *  remove leave their key behind, without which the next scan would index them again.
   *  @returns how many were deleted or emptied */
  purge(beforeMs: number): number {
    return this.#database.transaction(() => {
      const old = "status = 'removed' AND updated_at_ms < ?";
      const emptied = this.#database.write(
        `DELETE FROM track_spaces WHERE track_id IN (SELECT id FROM tracks WHERE ${old} AND removed_by = 'request')`,
        beforeMs,
      );
      const deleted = this.#database.write(`DELETE FROM tracks WHERE ${old} AND removed_by = 'scan'`, beforeMs);
      return emptied.changes + deleted.changes;
    });
  }

  #mustHave(key: string): Row {
    const track = this.#database.get('SELECT id, status FROM tracks WHERE key = ?', key);
    if (track === undefined) throw new LeitmotifError('track-unknown', `Cannot find a track with the key ${key}`);
    return track;
  }
}

/** Makes a removed or failed track live again, or failed if it has no vectors. Inside a transaction. */
export function comeBack(database: Database, spaces: Spaces, key: string): void {
  const track = database.get('SELECT id, status FROM tracks WHERE key = ?', key);
  if (track === undefined || track.status === 'indexed') return;
  database.write(setLive, Number(track.id));
  spaces.bumpAllOf(Number(track.id));
}
