/** Details of a library track that an answer shows: loudness, fingerprint, embedding. */
import type { Chunk, ChunkKind, EmbeddedRecording, Fingerprint } from '../domain.ts';
import type { Database, SqlRow } from './database.ts';

/** SQL: whether an admin has marked the chunk `c` as not music. */
export const isMarkedChunk =
  'EXISTS (SELECT 1 FROM marked_chunks m WHERE m.track_id = c.track_id AND m.space = c.space AND m.idx = c.idx)';

export class Evidence {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Level in dBFS of the chunk whose start is nearest to `startSec`; null when the track has no chunks. */
  loudnessAt(spaceId: string, trackId: number, startSec: number): number | null {
    const row = this.#database.get(
      `SELECT c.loudness_db FROM chunks c JOIN spaces s ON s.id = c.space
         WHERE s.space_id = ? AND c.track_id = ? ORDER BY abs(c.start_sec - ?), c.idx LIMIT 1`,
      spaceId,
      trackId,
      startSec,
    );
    return row === undefined ? null : Number(row.loudness_db);
  }

  /** The track's acoustic fingerprint; null for an unknown track and for one that was never indexed. */
  fingerprintOf(trackId: number): Fingerprint | null {
    const select = 'SELECT fingerprint, fingerprint_item_sec FROM tracks WHERE id = ? AND fingerprint IS NOT NULL';
    const row = this.#database.get(select, trackId);
    if (row === undefined) return null;
    return { items: new Uint32Array(alignedBuffer(row.fingerprint)), itemSec: Number(row.fingerprint_item_sec) };
  }

  /** A track's stored embedding with all vectors: a query with a library track needs no worker.
   *  @returns null when the track has no vectors in this space */
  recordingOf(spaceId: string, trackId: number): EmbeddedRecording | null {
    const track = this.#database.get('SELECT title, artist, album, duration_sec FROM tracks WHERE id = ?', trackId);
    const rows = this.#database.all(
      `SELECT c.* FROM chunks c JOIN spaces s ON s.id = c.space WHERE s.space_id = ? AND c.track_id = ? ORDER BY c.idx`,
      spaceId,
      trackId,
    );
    const fingerprint = this.fingerprintOf(trackId);
    if (track === undefined || fingerprint === null || rows.length === 0) return null;
    const text = (value: unknown): string | null => (value === null ? null : String(value));
    return {
      spaceId,
      durationSec: Number(track.duration_sec),
      tags: { title: text(track.title), artist: text(track.artist), album: text(track.album) },
      chunks: rows.map(toChunk),
      fingerprint,
    };
  }

  /** The number of chunks of each track in this space, and a text that changes when the track is embedded again or other chunks of
   *  it are marked. */
  embeddedStates(spaceId: string, trackIds: readonly number[]): Map<number, { chunks: number; state: string }> {
    const rows = this.#database.all(
      `SELECT ts.track_id, ts.chunks, ts.indexed_at_ms || ' ' || (SELECT coalesce(group_concat(m.idx), '')
         FROM marked_chunks m WHERE m.track_id = ts.track_id AND m.space = ts.space) AS state
       FROM track_spaces ts JOIN spaces s ON s.id = ts.space
       WHERE s.space_id = ? AND ts.track_id IN (SELECT value FROM json_each(?))`,
      spaceId,
      JSON.stringify(trackIds),
    );
    return new Map(rows.map((row) => [Number(row.track_id), { chunks: Number(row.chunks), state: String(row.state) }]));
  }

  /** Values `from` to `from + dimensions` of the vectors of a track's music chunks, marked ones left out.
   *  @param step 1: all chunks; 2: every second, and so on */
  musicVectors(
    spaceId: string,
    trackId: number,
    { from, dimensions, step }: { readonly from: number; readonly dimensions: number; readonly step: number },
  ): Float32Array[] {
    const bytes = Float32Array.BYTES_PER_ELEMENT;
    const rows = this.#database.all(
      `SELECT substr(c.vector, ?, ?) AS part FROM chunks c JOIN spaces s ON s.id = c.space
       WHERE s.space_id = ? AND c.track_id = ? AND c.kind = 'music' AND c.idx % ? = 0
         AND NOT ${isMarkedChunk} ORDER BY c.idx`,
      // SQLite counts bytes from 1.
      from * bytes + 1,
      dimensions * bytes,
      spaceId,
      trackId,
      step,
    );
    return rows.map((row) => new Float32Array(alignedBuffer(row.part)));
  }
}

/** @param row all columns of `chunks` */
export function toChunk(row: SqlRow): Chunk {
  return {
    index: Number(row.idx),
    startSec: Number(row.start_sec),
    endSec: Number(row.end_sec),
    overlapSec: Number(row.overlap_sec),
    kind: row.kind as ChunkKind,
    loudnessDb: Number(row.loudness_db),
    vector: new Float32Array(alignedBuffer(row.vector)),
  };
}

/** The blob in a buffer that starts at 0, as a view of 4-byte numbers requires. */
export function alignedBuffer(blob: unknown): ArrayBuffer {
  if (!(blob instanceof Uint8Array)) throw new TypeError('Cannot read a blob: the column has another type');
  if (blob.byteOffset === 0 && blob.byteLength === blob.buffer.byteLength) return blob.buffer as ArrayBuffer;
  return blob.buffer.slice(blob.byteOffset, blob.byteOffset + blob.byteLength) as ArrayBuffer;
}
