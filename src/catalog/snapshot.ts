/** The live chunks of one space as of one moment: the input of a generation. */
import { createHash } from 'node:crypto';
import type { IndexedChunk } from '../domain.ts';
import { Database } from './database.ts';
import { alignedBuffer, isMarkedChunk } from './evidence.ts';
import { type Space, Spaces } from './spaces.ts';

export interface SnapshotRow {
  readonly chunk: IndexedChunk;
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
}

/** A live track as of the snapshot. */
export interface SnapshotTrack {
  readonly trackId: number;
  /** 1 or more. */
  readonly rowCount: number;
  /** 32 hexadecimal digits: while they stay the same, so do the track's rows. */
  readonly state: string;
}

export interface SnapshotOptions {
  /** Includes silence, applause, noise and chunks that an admin has marked. Off by default. */
  readonly includeNonMusic?: boolean;
}

const liveChunks = `
FROM tracks t CROSS JOIN chunks c ON c.track_id = t.id AND c.space = $space
WHERE t.status = 'indexed' AND ($all = 1 OR (c.kind = 'music' AND NOT ${isMarkedChunk}))`;

/** Uses the stored counts of tracks: counting rows would read every page with all vectors, 1 GB for 400,000. */
const liveTracks = `
SELECT t.id, ts.content_sha256, ts.indexed_at_ms, ts.chunks, ts.music_chunks,
  (SELECT group_concat(idx) FROM (SELECT DISTINCT m.idx FROM marked_chunks m
    JOIN chunks c ON c.track_id = m.track_id AND c.space = m.space AND c.idx = m.idx
    WHERE $all = 0 AND m.track_id = t.id AND m.space = $space AND c.kind = 'music' ORDER BY m.idx)) AS marked
FROM tracks t CROSS JOIN track_spaces ts ON ts.track_id = t.id AND ts.space = $space
WHERE t.status = 'indexed' ORDER BY t.key`;

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

  /** The tracks that have rows, in the order of their rows. Reads no chunk that is not marked. */
  tracks(): SnapshotTrack[] {
    if (this.#space === null) return [];
    const tracks = this.#database.all(liveTracks, this.#parameters(this.#space)).map((row) => {
      const marked = row.marked === null ? 0 : String(row.marked).split(',').length;
      const rowCount = this.#all === 1 ? Number(row.chunks) : Number(row.music_chunks) - marked;
      const parts = [row.content_sha256, row.indexed_at_ms, row.chunks, row.music_chunks, row.marked];
      const state = createHash('sha256').update(parts.map(String).join(' ')).digest('hex').slice(0, 32);
      return { trackId: Number(row.id), rowCount, state };
    });
    return tracks.filter(({ rowCount }) => rowCount > 0);
  }

  /** Sorted by key in code point order, then by chunk, independent of the order of indexing. Reads lazily.
   *  @param trackIds only their rows; default: all */
  *rows(trackIds?: readonly number[]): Generator<SnapshotRow, void, undefined> {
    if (this.#space === null) return;
    const columns = 'c.track_id, c.start_sec, c.end_sec, c.overlap_sec, c.vector';
    const some = trackIds === undefined ? '' : 'AND t.id IN (SELECT value FROM json_each($ids))';
    const select = `SELECT ${columns} ${liveChunks} ${some} ORDER BY t.key, c.idx`;
    const ids = trackIds === undefined ? {} : { ids: JSON.stringify(trackIds) };
    for (const row of this.#database.iterate(select, { ...this.#parameters(this.#space), ...ids })) {
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

  #parameters(space: Space): Record<string, number | string> {
    return { space: space.row, all: this.#all };
  }
}

/** Made of the catalog's id (revisions of another catalog start at 0 too), the space, its revision and the options; reads
 *  no rows. */
export function contentName(catalogId: string, spaceId: string, revision: number, options: SnapshotOptions): string {
  return [catalogId, spaceId, revision, options.includeNonMusic ? 'all' : 'music'].join(' ');
}
