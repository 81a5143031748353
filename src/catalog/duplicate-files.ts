/** Duplicate files: a file with known bytes gets the stored vectors and is not embedded again. */
import type { Database } from './database.ts';
import type { Spaces } from './spaces.ts';
import { type FileFacts, fileColumns } from './track-rows.ts';

const copyTrack = `
INSERT INTO tracks (key, title, artist, album, duration_sec, content_sha256, size_bytes, mtime_ms, etag, status,
  fingerprint, fingerprint_item_sec, created_at_ms, updated_at_ms)
SELECT $key, title, artist, album, duration_sec, content_sha256, $sizeBytes, $mtimeMs, $etag, 'indexed',
  fingerprint, fingerprint_item_sec, $now, $now FROM tracks WHERE id = $from
ON CONFLICT (key) DO UPDATE SET title = excluded.title, artist = excluded.artist, album = excluded.album,
  duration_sec = excluded.duration_sec, content_sha256 = excluded.content_sha256, size_bytes = excluded.size_bytes,
  mtime_ms = excluded.mtime_ms, etag = excluded.etag, status = 'indexed', removed_by = NULL, error_code = NULL,
  error_message = NULL, error_space = NULL, error_tries = 0, fingerprint = excluded.fingerprint,
  fingerprint_item_sec = excluded.fingerprint_item_sec, updated_at_ms = excluded.updated_at_ms
RETURNING id`;

const copySpaces = `
INSERT INTO track_spaces (space, track_id, content_sha256, chunks, music_chunks, indexed_at_ms)
SELECT ts.space, $to, ts.content_sha256, ts.chunks, ts.music_chunks, ts.indexed_at_ms
FROM track_spaces ts JOIN tracks t ON t.id = ts.track_id WHERE t.id = $from AND ts.content_sha256 = t.content_sha256`;

const copyChunks = `
INSERT INTO chunks (space, track_id, idx, start_sec, end_sec, overlap_sec, loudness_db, kind, vector)
SELECT c.space, $to, c.idx, c.start_sec, c.end_sec, c.overlap_sec, c.loudness_db, c.kind, c.vector
FROM chunks c JOIN track_spaces ts ON ts.track_id = $to AND ts.space = c.space
WHERE c.track_id = $from ORDER BY c.space, c.idx`;

const copyMarked = `
INSERT INTO marked_chunks (track_id, space, idx, mark)
SELECT $to, m.space, m.idx, m.mark FROM marked_chunks m JOIN track_spaces ts ON ts.track_id = $to AND ts.space = m.space
WHERE m.track_id = $from`;

const selectContent = `
SELECT t.key FROM track_spaces ts JOIN tracks t ON t.id = ts.track_id JOIN spaces s ON s.id = ts.space
WHERE ts.content_sha256 = ? AND s.space_id = ? AND ts.indexed_at_ms >= ? AND t.content_sha256 = ts.content_sha256
ORDER BY t.key <> ?, t.id LIMIT 1`;

export class DuplicateFiles {
  readonly #database: Database;
  readonly #spaces: Spaces;
  readonly #now: () => number;

  constructor(database: Database, spaces: Spaces, now: () => number) {
    this.#database = database;
    this.#spaces = spaces;
    this.#now = now;
  }

  /** The key of a track with vectors of this content in this space; `preferredKey` comes first.
   *  @param madeSinceMs ignores older vectors; milliseconds since 1970 */
  findByContent(contentSha256: string, spaceId: string, preferredKey: string, madeSinceMs = 0): string | null {
    const row = this.#database.get(selectContent, contentSha256, spaceId, madeSinceMs, preferredKey);
    return row === undefined ? null : String(row.key);
  }

  /** Copies the vectors of all spaces to another file with the same bytes.
   *  @returns the track's id
   *  @throws {RangeError} when there is no such track */
  copy(fromKey: string, facts: FileFacts): number {
    return this.#database.transaction(() => {
      const from = this.#idOf(fromKey);
      if (from === null || fromKey === facts.key) throw new RangeError(`Cannot copy ${fromKey}: no such track`);
      const old = this.#idOf(facts.key);
      if (old !== null) this.#drop(old);
      const row = this.#database.get(copyTrack, { ...fileColumns(facts, this.#now()), from });
      const to = Number(row?.id);
      this.#database.write(copySpaces, { from, to });
      this.#database.write(copyChunks, { from, to });
      this.#database.write(copyMarked, { from, to });
      this.#spaces.bumpAllOf(to);
      return to;
    });
  }

  #idOf(key: string): number | null {
    const row = this.#database.get('SELECT id FROM tracks WHERE key = ?', key);
    return row === undefined ? null : Number(row.id);
  }

  #drop(trackId: number): void {
    this.#spaces.bumpAllOf(trackId);
    this.#database.write('DELETE FROM track_spaces WHERE track_id = ?', trackId);
  }
}
