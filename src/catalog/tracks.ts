/** Tracks, looked up. */
import type { Track } from '../domain.ts';
import type { Database } from './database.ts';
import type { Spaces } from './spaces.ts';
import { type Failure, type KnownTrack, toFailure, toKnownTrack, toTrack } from './track-rows.ts';

const selectKnown = `
SELECT t.*, ts.space IS NOT NULL AS embedded,
  t.error_code IS NOT NULL AND (t.error_space IS NULL OR t.error_space = $space) AS failed_here
FROM tracks t LEFT JOIN track_spaces ts
  ON ts.track_id = t.id AND ts.space = $space AND ts.content_sha256 = t.content_sha256
ORDER BY t.key`;

export class Tracks {
  readonly #database: Database;
  readonly #spaces: Spaces;

  constructor(database: Database, spaces: Spaces) {
    this.#database = database;
    this.#spaces = spaces;
  }

  byKey(key: string): Track | null {
    const row = this.#database.get('SELECT * FROM tracks WHERE key = ?', key);
    return row === undefined ? null : toTrack(row);
  }

  /** @returns the tracks that exist, by id, whatever their status */
  byIds(ids: Iterable<number>): Map<number, Track> {
    const select = 'SELECT * FROM tracks WHERE id IN (SELECT value FROM json_each(?))';
    const rows = this.#database.all(select, JSON.stringify([...ids]));
    return new Map(rows.map(toTrack).map((track) => [track.id, track]));
  }

  /** @returns those of `ids` that may be shown: indexed, neither removed nor failed since */
  live(ids: Iterable<number>): Set<number> {
    const select = "SELECT id FROM tracks WHERE status = 'indexed' AND id IN (SELECT value FROM json_each(?))";
    return new Set(this.#database.all(select, JSON.stringify([...ids])).map((row) => Number(row.id)));
  }

  /** Everything that a scan compares a listing with, by key. */
  known(spaceId: string): Map<string, KnownTrack> {
    const space = this.#spaces.get(spaceId)?.row ?? -1;
    const rows = this.#database.all(selectKnown, { space });
    return new Map(rows.map(toKnownTrack).map((track) => [track.key, track]));
  }

  /** What could not be indexed and is still there, by key. */
  failures(): Failure[] {
    const select = "SELECT * FROM tracks WHERE error_code IS NOT NULL AND status <> 'removed' ORDER BY key";
    return this.#database.all(select).map(toFailure);
  }
}
