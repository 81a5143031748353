/** The input of an export: all live chunks of a space with all their fields, as of one moment. */
import type { Chunk, Fingerprint, RecordingTags } from '../domain.ts';
import { Database } from './database.ts';
import { alignedBuffer, toChunk } from './evidence.ts';
import { Spaces } from './spaces.ts';

export interface ExportedTrack extends RecordingTags {
  readonly key: string;
  readonly durationSec: number;
  readonly contentSha256: string;
  /** Null for a track that was imported without one. */
  readonly fingerprint: Fingerprint | null;
}

export interface ExportedChunk {
  readonly track: ExportedTrack;
  readonly chunk: Chunk;
}

const selectTracks = `
SELECT t.id, t.key, t.title, t.artist, t.album, t.duration_sec, ts.content_sha256, t.fingerprint, t.fingerprint_item_sec
FROM tracks t JOIN track_spaces ts ON ts.track_id = t.id AND ts.space = ?
WHERE t.status = 'indexed' ORDER BY t.key`;

const selectChunks = `
SELECT idx, start_sec, end_sec, overlap_sec, kind, loudness_db, vector FROM chunks
WHERE track_id = ? AND space = ? ORDER BY idx`;

/** A consistent view that no writer changes. It prevents checkpoints of the log: close it after reading the rows. */
export class ExportView implements Disposable {
  readonly #database: Database;
  readonly #space: number;
  readonly chunkCount: number;

  constructor(path: string, spaceId: string) {
    this.#database = new Database(path, { readOnly: true });
    this.#database.exec('BEGIN');
    this.#space = new Spaces(this.#database).get(spaceId)?.row ?? -1;
    const count = `SELECT total(ts.chunks) AS n FROM tracks t JOIN track_spaces ts ON ts.track_id = t.id
      WHERE t.status = 'indexed' AND ts.space = ?`;
    this.chunkCount = Number(this.#database.get(count, this.#space)?.n);
  }

  /** Sorted by key in code point order, then by chunk. One track at a time is in memory. */
  *chunks(): Generator<ExportedChunk, void, undefined> {
    for (const row of this.#database.iterate(selectTracks, this.#space)) {
      const text = (value: unknown) => (value === null ? null : String(value));
      const track: ExportedTrack = {
        key: String(row.key),
        title: text(row.title),
        artist: text(row.artist),
        album: text(row.album),
        durationSec: Number(row.duration_sec),
        contentSha256: String(row.content_sha256),
        fingerprint:
          row.fingerprint === null
            ? null
            : { items: new Uint32Array(alignedBuffer(row.fingerprint)), itemSec: Number(row.fingerprint_item_sec) },
      };
      for (const chunk of this.#database.all(selectChunks, Number(row.id), this.#space)) {
        yield { track, chunk: toChunk(chunk) };
      }
    }
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
