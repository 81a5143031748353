/** Stores embedded recordings, one transaction per track: a track is stored completely or not at all. */
import type { Chunk, EmbeddedRecording } from '../domain.ts';
import type { Database } from './database.ts';
import { markNewChunks } from './marks.ts';
import type { Space, Spaces } from './spaces.ts';
import { type FileFacts, type FileMetadata, fileColumns } from './track-rows.ts';

/** A file and the hash of its content. */
export interface ContentFacts extends FileFacts {
  /** SHA-256 of the file's bytes, lower-case hex. */
  readonly contentSha256: string;
}

/** An imported track: no file was read, and `contentSha256` may be a placeholder (exchange/placeholder-hash.ts). */
export interface ImportedFacts extends FileMetadata {
  readonly sizeBytes: null;
  readonly mtimeMs: null;
  readonly etag: null;
  readonly contentSha256: string;
}

const upsertIndexed = `
INSERT INTO tracks (key, title, artist, album, duration_sec, content_sha256, size_bytes, mtime_ms, etag, status,
  fingerprint, fingerprint_item_sec, created_at_ms, updated_at_ms)
VALUES ($key, $title, $artist, $album, $durationSec, $sha256, $sizeBytes, $mtimeMs, $etag, 'indexed',
  $fingerprint, $itemSec, $now, $now)
ON CONFLICT (key) DO UPDATE SET title = $title, artist = $artist, album = $album, duration_sec = $durationSec,
  content_sha256 = $sha256, size_bytes = $sizeBytes, mtime_ms = $mtimeMs, etag = $etag, status = 'indexed',
  removed_by = NULL, error_code = NULL, error_message = NULL, error_space = NULL, error_tries = 0,
  fingerprint = $fingerprint, fingerprint_item_sec = $itemSec, updated_at_ms = $now
RETURNING id`;

const insertChunk = `
INSERT INTO chunks (space, track_id, idx, start_sec, end_sec, overlap_sec, loudness_db, kind, vector)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export class Embeddings {
  readonly #database: Database;
  readonly #spaces: Spaces;
  readonly #now: () => number;

  constructor(database: Database, spaces: Spaces, now: () => number) {
    this.#database = database;
    this.#spaces = spaces;
    this.#now = now;
  }

  /** Stores a track with all its vectors and replaces earlier vectors of its key in this space. Vectors of other content
   *  are deleted in every space: their times refer to a file that no longer exists.
   *  @returns the track's id; a known key keeps its id
   *  @throws {RangeError} when there is no chunk or the vectors differ in length */
  put(facts: ContentFacts | ImportedFacts, recording: EmbeddedRecording): number {
    const dimensions = dimensionsOf(recording.chunks);
    return this.#database.transaction(() => {
      const space = this.#spaces.ensure(recording.spaceId, dimensions);
      this.#clear(facts, space);
      const { title, artist, album } = recording.tags;
      const row = this.#database.get(upsertIndexed, {
        ...fileColumns(facts, this.#now()),
        title,
        artist,
        album,
        durationSec: recording.durationSec,
        sha256: facts.contentSha256,
        fingerprint: bytesOf(recording.fingerprint.items),
        itemSec: recording.fingerprint.itemSec,
      });
      const trackId = Number(row?.id);
      this.#insertChunks(trackId, space, facts.contentSha256, recording.chunks);
      return trackId;
    });
  }

  /** Deletes the rows that `put` replaces and raises the revision of every space whose live chunks change. */
  #clear(facts: ContentFacts | ImportedFacts, space: Space): void {
    this.#spaces.bump(space);
    const row = this.#database.get('SELECT id, status, content_sha256 FROM tracks WHERE key = ?', facts.key);
    if (row === undefined) return;
    const trackId = Number(row.id);
    if (row.status !== 'indexed' || row.content_sha256 !== facts.contentSha256) this.#spaces.bumpAllOf(trackId);
    this.#database.write(
      'DELETE FROM track_spaces WHERE track_id = ? AND (space = ? OR content_sha256 <> ?)',
      trackId,
      space.row,
      facts.contentSha256,
    );
  }

  #insertChunks(trackId: number, space: Space, contentSha256: string, chunks: readonly Chunk[]): void {
    const musicChunks = chunks.filter((chunk) => chunk.kind === 'music').length;
    this.#database.write(
      `INSERT INTO track_spaces (space, track_id, content_sha256, chunks, music_chunks, indexed_at_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      space.row,
      trackId,
      contentSha256,
      chunks.length,
      musicChunks,
      this.#now(),
    );
    for (const { index, startSec, endSec, overlapSec, loudnessDb, kind, vector } of chunks) {
      const times = [startSec, endSec, overlapSec] as const;
      this.#database.write(insertChunk, space.row, trackId, index, ...times, loudnessDb, kind, bytesOf(vector));
    }
    markNewChunks(this.#database, space, trackId, chunks);
  }
}

function dimensionsOf(chunks: readonly Chunk[]): number {
  const dimensions = chunks[0]?.vector.length ?? 0;
  if (dimensions === 0 || chunks.some((chunk) => chunk.vector.length !== dimensions)) {
    throw new RangeError(`Cannot store a recording: expected chunks with vectors of one length, got ${chunks.length}`);
  }
  return dimensions;
}

/** The bytes of an array without a copy. Little-endian, as on every platform of Node 24. */
function bytesOf(array: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
