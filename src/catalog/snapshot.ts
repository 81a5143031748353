/** The live chunks of one space as of one moment: the input of a generation. */
import type { IndexedChunk } from '../domain.ts';
import { Database } from './database.ts';
import { alignedBuffer } from './evidence.ts';
import { type Space, Spaces } from './spaces.ts';

export interface SnapshotRow {
  readonly chunk: IndexedChunk;
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
}

export interface SnapshotOptions {
  /** Includes silence, applause, noise and chunks that an admin has marked. Off by default. */
  readonly includeNonMusic?: boolean;
}

const liveChunks = `
FROM tracks t CROSS JOIN chunks c ON c.track_id = t.id AND c.space = $space
WHERE t.status = 'indexed' AND ($all = 1 OR (c.kind = 'music' AND NOT EXISTS
  (SELECT 1 FROM marked_chunks m WHERE m.track_id = c.track_id AND m.space = c.space AND m.idx = c.idx)))`;

const countLive = `
SELECT coalesce(sum(CASE WHEN $all = 1 THEN ts.chunks ELSE ts.music_chunks - (
    SELECT count(DISTINCT m.idx) FROM marked_chunks m
    JOIN chunks c ON c.track_id = m.track_id AND c.space = m.space AND c.idx = m.idx
    WHERE m.track_id = t.id AND m.space = $space AND c.kind = 'music') END), 0) AS n
FROM tracks t CROSS JOIN track_spaces ts ON ts.track_id = t.id AND ts.space = $space WHERE t.status = 'indexed'`;

/** A consistent view that no writer changes. It prevents checkpoints of the log: close it after reading the rows. */
export class RowSnapshot implements Disposable {
  readonly #database: Database;
  readonly #space: Space | null;
  readonly #all: 0 | 1;
  /** Identifies the rows: snapshots with equal content have the same rows in the same order. */
  readonly content: string;

  constructor(path: string, catalogId: string, spaceId: string, options: SnapshotOptions = {}) {
    this.#database = new Database(path, { readOnly: true });
    this.#all = options.includeNonMusic ? 1 : 0;
    // In WAL mode the first read of a transaction fixes the state that later reads see.
    this.#database.exec('BEGIN');
    this.#space = new Spaces(this.#database).get(spaceId);
    this.content = contentName(catalogId, spaceId, this.#space?.revision ?? 0, options);
  }

  get dimensions(): number {
    return this.#space?.dimensions ?? 0;
  }

  /** Uses the stored counts of tracks: counting rows would read every page with all vectors, 1 GB for 400,000. */
  countRows(): number {
    if (this.#space === null) return 0;
    const row = this.#database.get(countLive, this.#parameters(this.#space));
    return Number(row?.n);
  }

  /** Sorted by key in code point order, then by chunk, independent of the order of indexing. Reads lazily. */
  *rows(): Generator<SnapshotRow, void, undefined> {
    if (this.#space === null) return;
    const select = `SELECT c.track_id, c.start_sec, c.end_sec, c.overlap_sec, c.vector ${liveChunks} ORDER BY t.key, c.idx`;
    for (const row of this.#database.iterate(select, this.#parameters(this.#space))) {
      yield {
        chunk: {
          trackId: Number(row.track_id),
          startSec: Number(row.start_sec),
          endSec: Number(row.end_sec),
          overlapSec: Number(row.overlap_sec),
        },
        vector: new Float32Array(alignedBuffer(row.vector)),
      };
    }
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #parameters(space: Space): Record<string, number> {
    return { space: space.row, all: this.#all };
  }
}

/** Made of the catalog's id (revisions of another catalog start at 0 too), the space, its revision and the options; reads
 *  no rows. */
export function contentName(catalogId: string, spaceId: string, revision: number, options: SnapshotOptions): string {
  return [catalogId, spaceId, revision, options.includeNonMusic ? 'all' : 'music'].join(' ');
}
