/** Queries of tracks. */
import type { Track } from '../domain.ts';
import type { Database } from './database.ts';
import type { Spaces } from './spaces.ts';
import { type TrackPageRequest, trackPage } from './track-pages.ts';
import { type Failure, type KnownTrack, toFailure, toKnownTrack, toTrack } from './track-rows.ts';

const selectKnown = `
SELECT t.id, t.key, t.status, t.removed_by, t.size_bytes, t.mtime_ms, t.etag, t.content_sha256, t.error_code,
  t.error_tries, t.error_at_ms, t.error_retry_at_ms, ts.space IS NOT NULL AS embedded, ts.indexed_at_ms AS embedded_at_ms,
  t.error_code IS NOT NULL AND (t.error_space IS NULL OR t.error_space = $space) AS failed_here
FROM tracks t LEFT JOIN track_spaces ts
  ON ts.track_id = t.id AND ts.space = $space AND ts.content_sha256 = t.content_sha256
ORDER BY t.key`;

/** Limit on search words; each word is one more comparison per row. */
const wordsMax = 8;

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (c) => `\\${c}`);
}

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

  /** @returns the existing tracks by id, in any status */
  byIds(ids: Iterable<number>): Map<number, Track> {
    const select = 'SELECT * FROM tracks WHERE id IN (SELECT value FROM json_each(?))';
    const rows = this.#database.all(select, JSON.stringify([...ids]));
    return new Map(rows.map(toTrack).map((track) => [track.id, track]));
  }

  /** @returns the ids of indexed tracks; removed and failed ones are excluded */
  live(ids: Iterable<number>): Set<number> {
    const select = "SELECT id FROM tracks WHERE status = 'indexed' AND id IN (SELECT value FROM json_each(?))";
    return new Set(this.#database.all(select, JSON.stringify([...ids])).map((row) => Number(row.id)));
  }

  /** Hash of the track's content when it was last read; null for an unknown track. */
  contentSha256Of(id: number): string | null {
    const row = this.#database.get('SELECT content_sha256 FROM tracks WHERE id = ?', id);
    return row === undefined || row.content_sha256 === null ? null : String(row.content_sha256);
  }

  /** The same for several tracks; unknown and unread tracks are missing in the result. */
  contentsOf(ids: Iterable<number>): Map<number, string> {
    const select =
      'SELECT id, content_sha256 FROM tracks WHERE content_sha256 IS NOT NULL AND id IN (SELECT value FROM json_each(?))';
    const rows = this.#database.all(select, JSON.stringify([...ids]));
    return new Map(rows.map((row) => [Number(row.id), String(row.content_sha256)]));
  }

  /** Other indexed tracks with the same bytes as one of these, sorted by id. */
  withContentOf(ids: Iterable<number>): number[] {
    const select = `
      SELECT id FROM tracks WHERE status = 'indexed' AND id NOT IN (SELECT value FROM json_each(?1)) AND content_sha256 IN (
        SELECT content_sha256 FROM tracks WHERE length(content_sha256) = 64 AND id IN (SELECT value FROM json_each(?1)))
      ORDER BY id`;
    return this.#database.all(select, JSON.stringify([...ids])).map((row) => Number(row.id));
  }

  /** Ids of other indexed tracks with the same title, in any case; sorted by artist and key. */
  likeNamed({ id, title }: Track, limit: number): number[] {
    if (title === null) return [];
    const select = `SELECT id FROM tracks INDEXED BY tracks_by_title WHERE status = 'indexed' AND title = ? COLLATE NOCASE
      AND id <> ? ORDER BY artist COLLATE NOCASE, key LIMIT ?`;
    return this.#database.all(select, title, id, limit).map((row) => Number(row.id));
  }

  /** Ids of other indexed tracks, nearest in duration first. */
  nearDuration({ id, durationSec }: Track, limit: number): number[] {
    const side = (compare: '<' | '>=', order: 'ASC' | 'DESC') => `SELECT * FROM (
      SELECT id, duration_sec FROM tracks INDEXED BY tracks_by_duration
      WHERE status = 'indexed' AND duration_sec ${compare} ?1 AND id <> ?2 ORDER BY duration_sec ${order} LIMIT ?3)`;
    const select = `SELECT id FROM (${side('<', 'DESC')} UNION ALL ${side('>=', 'ASC')})
      ORDER BY abs(duration_sec - ?1), id LIMIT ?3`;
    return this.#database.all(select, durationSec, id, limit).map((row) => Number(row.id));
  }

  /** Indexed tracks whose title, artist or file name contains all words of `text`, in any order and case. Titles that
   *  begin with `text` come first, then by title. Without words: the first tracks. */
  search(text: string, limit: number): Track[] {
    const words = text.trim().split(/\s+/).filter(Boolean).slice(0, wordsMax);
    const haystack = "coalesce(title, '') || ' ' || coalesce(artist, '') || ' ' || key";
    const all = words.map(() => `AND ${haystack} LIKE ? ESCAPE '\\'`).join(' ');
    const beginning = `${escapeLike(text.trim())}%`;
    const rows = this.#database.all(
      `SELECT t.* FROM (
         SELECT id AS found FROM tracks INDEXED BY tracks_by_name WHERE status = 'indexed' ${all}
         ORDER BY coalesce(title, key) LIKE ? ESCAPE '\\' DESC, coalesce(title, key), key LIMIT ?
       ) JOIN tracks t ON t.id = found
       ORDER BY coalesce(t.title, t.key) LIKE ? ESCAPE '\\' DESC, coalesce(t.title, t.key), t.key`,
      ...words.map((word) => `%${escapeLike(word)}%`),
      beginning,
      limit,
      beginning,
    );
    return rows.map(toTrack);
  }

  /** A page of indexed tracks. @see trackPage */
  page(request: TrackPageRequest): Track[] {
    return trackPage(this.#database, request);
  }

  /** Indexed tracks whose keys begin with `prefix`. */
  countBelow(prefix: string): number {
    const select = "SELECT count(*) AS n FROM tracks WHERE status = 'indexed' AND substr(key, 1, length(?1)) = ?1";
    return Number(this.#database.get(select, prefix)?.n ?? 0);
  }

  /** All tracks by key, for a scan to compare with the listing. */
  known(spaceId: string): Map<string, KnownTrack> {
    const space = this.#spaces.get(spaceId)?.row ?? -1;
    const rows = this.#database.all(selectKnown, { space });
    return new Map(rows.map(toKnownTrack).map((track) => [track.key, track]));
  }

  /** Failures of tracks that are not removed, sorted by key. */
  failures(): Failure[] {
    const select = "SELECT * FROM tracks WHERE error_code IS NOT NULL AND status <> 'removed' ORDER BY key";
    return this.#database.all(select).map(toFailure);
  }
}
