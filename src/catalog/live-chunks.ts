/** All live chunks of a space, music or not, for analyses of the whole library. */
import type { ChunkKind } from '../domain.ts';
import type { Database } from './database.ts';
import { alignedBuffer, isMarkedChunk } from './evidence.ts';
import type { Spaces } from './spaces.ts';

export interface LiveChunk {
  readonly trackId: number;
  readonly startSec: number;
  readonly endSec: number;
  readonly kind: ChunkKind;
  readonly loudnessDb: number;
  /** First or last chunk of its track. */
  readonly atEdge: boolean;
  /** An admin has marked it as not music. */
  readonly marked: boolean;
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
}

const select = `
SELECT c.track_id, c.start_sec, c.end_sec, c.kind, c.loudness_db, c.vector,
  c.idx = 0 OR c.idx = ts.chunks - 1 AS at_edge,
  ${isMarkedChunk} AS marked
FROM tracks t CROSS JOIN track_spaces ts ON ts.track_id = t.id AND ts.space = $space
  CROSS JOIN chunks c ON c.track_id = t.id AND c.space = $space
WHERE t.status = 'indexed' ORDER BY t.key, c.idx`;

export class LiveChunks {
  readonly #database: Database;
  readonly #spaces: Spaces;

  constructor(database: Database, spaces: Spaces) {
    this.#database = database;
    this.#spaces = spaces;
  }

  count(spaceId: string): number {
    const row = this.#database.get(
      `SELECT total(ts.chunks) AS n FROM tracks t JOIN track_spaces ts ON ts.track_id = t.id
       WHERE t.status = 'indexed' AND ts.space = ?`,
      this.#spaces.get(spaceId)?.row ?? -1,
    );
    return Number(row?.n);
  }

  /** Sorted by key in code point order, then by chunk, so that equal libraries give equal order. Reads lazily. */
  *rows(spaceId: string): Generator<LiveChunk, void, undefined> {
    const space = this.#spaces.get(spaceId)?.row ?? -1;
    for (const row of this.#database.iterate(select, { space })) {
      yield {
        trackId: Number(row.track_id),
        startSec: Number(row.start_sec),
        endSec: Number(row.end_sec),
        kind: row.kind as ChunkKind,
        loudnessDb: Number(row.loudness_db),
        atEdge: row.at_edge === 1,
        marked: row.marked === 1,
        vector: new Float32Array(alignedBuffer(row.vector)),
      };
    }
  }

  /** Mean level of each live track's chunks, dBFS. */
  meanLoudnessDb(spaceId: string): Map<number, number> {
    const rows = this.#database.all(
      `SELECT c.track_id, avg(c.loudness_db) AS db FROM tracks t CROSS JOIN chunks c ON c.track_id = t.id AND c.space = ?
       WHERE t.status = 'indexed' GROUP BY 1`,
      this.#spaces.get(spaceId)?.row ?? -1,
    );
    return new Map(rows.map((row) => [Number(row.track_id), Number(row.db)]));
  }
}
