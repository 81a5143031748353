/** Details of a library track that an answer shows: loudness, fingerprint, embedding. */
import type { Chunk, ChunkKind, EmbeddedRecording, Fingerprint } from '../domain.ts';
import type { Database, SqlRow } from './database.ts';

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
