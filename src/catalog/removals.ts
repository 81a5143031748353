/** Tracks that go out of the answers, and come back. */
import { LeitmotifError } from '../errors.ts';
import type { Database, Row } from './database.ts';
import type { Spaces } from './spaces.ts';
import type { RemovedBy } from './track-rows.ts';

const setLive = `
UPDATE tracks SET removed_by = NULL, status = CASE WHEN EXISTS
  (SELECT 1 FROM track_spaces WHERE track_id = tracks.id) THEN 'indexed' ELSE 'failed' END
WHERE id = ?`;

/** Removed by request and emptied before: nothing is left to purge of it. */
const selectOld = `
SELECT id, removed_by FROM tracks t WHERE status = 'removed' AND updated_at_ms < $before
  AND (removed_by = 'scan' OR EXISTS (SELECT 1 FROM track_spaces ts WHERE ts.track_id = t.id))
ORDER BY updated_at_ms, id LIMIT $max`;

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
   *  Marked regions and generations that still name them pass them over.
   *  @param tracksMax at most so many in one go, oldest first: other writers wait meanwhile
   *  @returns how many were deleted or emptied; fewer than `tracksMax` when none is left */
  purge(beforeMs: number, tracksMax = Number.MAX_SAFE_INTEGER): number {
    return this.#database.transaction(() => {
      // Removed in what is now the future: the clock was set back since, and the wait begins now.
      const nowMs = this.#now();
      const restamp = "UPDATE tracks SET updated_at_ms = ? WHERE status = 'removed' AND updated_at_ms > ?";
      this.#database.write(restamp, nowMs, nowMs);
      const old = this.#database.all(selectOld, { before: beforeMs, max: tracksMax });
      for (const { id, removed_by: by } of old) {
        if (by === 'scan') this.#database.write('DELETE FROM tracks WHERE id = ?', Number(id));
        else this.#database.write('DELETE FROM track_spaces WHERE track_id = ?', Number(id));
      }
      return old.length;
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
