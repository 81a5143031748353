/** Removes tracks from the results and restores them. */
import { LeitmotifError } from '../errors.ts';
import type { Database, SqlRow } from './database.ts';
import type { Spaces } from './spaces.ts';
import type { RemovedBy } from './track-rows.ts';

const setLive = `
UPDATE tracks SET removed_by = NULL, status = CASE WHEN EXISTS
  (SELECT 1 FROM track_spaces WHERE track_id = tracks.id) THEN 'indexed' ELSE 'failed' END
WHERE id = ?`;

/** A track that was removed by request and has no vectors has nothing left to purge. */
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

  /** Removes tracks from all results at once. Their vectors stay until `purge`, so that a file that returns or appears
   *  under another key is not embedded again.
   *  @throws {LeitmotifError} 'track-unknown'; then no track is removed */
  remove(keys: Iterable<string>, removedBy: RemovedBy): void {
    this.#database.transaction(() => {
      for (const key of keys) {
        const track = this.#requireTrack(key);
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

  /** Undoes `remove`. A track without vectors becomes a failed one, which the next run tries again.
   *  @throws {LeitmotifError} 'track-unknown' */
  restore(key: string): void {
    this.#database.transaction(() => {
      this.#requireTrack(key);
      reviveTrack(this.#database, this.#spaces, key);
    });
  }

  /** Permanently deletes tracks that were removed before a time, with their vectors. A track that was removed by request
   *  keeps its key; otherwise the next scan would index it again. Generations that still name a deleted track skip it.
   *  @param tracksMax limit per call, oldest first: other writers wait meanwhile
   *  @returns number of deleted or emptied tracks; fewer than `tracksMax` when none is left */
  purge(beforeMs: number, tracksMax = Number.MAX_SAFE_INTEGER): number {
    return this.#database.transaction(() => {
      // A removal time in the future means that the clock was set back: the wait begins now.
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

  #requireTrack(key: string): SqlRow {
    const track = this.#database.get('SELECT id, status FROM tracks WHERE key = ?', key);
    if (track === undefined) throw new LeitmotifError('track-unknown', `Cannot find a track with the key ${key}`);
    return track;
  }
}

/** Makes a removed or failed track live again, or failed if it has no vectors. Call it inside a transaction. */
export function reviveTrack(database: Database, spaces: Spaces, key: string): void {
  const track = database.get('SELECT id, status FROM tracks WHERE key = ?', key);
  if (track === undefined || track.status === 'indexed') return;
  database.write(setLive, Number(track.id));
  spaces.bumpAllOf(Number(track.id));
}
