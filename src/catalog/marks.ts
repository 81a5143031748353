/** Marks: regions of a space that an admin declared as not music. Chunks in a marked region keep their vectors, but take
 *  no part in queries until the mark is lifted. */
import { LeitmotifError } from '../errors.ts';
import type { Database, SqlRow } from './database.ts';
import { alignedBuffer } from './evidence.ts';
import { isInRegion, type Region } from './marked-regions.ts';
import type { Space, Spaces } from './spaces.ts';

export interface MarkHead extends Region {
  readonly id: number;
  /** One line that identifies the mark: the group as the admin saw it. */
  readonly note: string;
  readonly madeAtMs: number;
}

export interface Mark extends MarkHead {
  /** Live chunks in it now, and their tracks. */
  readonly chunks: number;
  readonly tracks: number;
}

const selectMarks = `
SELECT m.*, count(t.id) AS chunks, count(DISTINCT t.id) AS tracks
FROM marks m LEFT JOIN marked_chunks mc ON mc.mark = m.id
  LEFT JOIN tracks t ON t.id = mc.track_id AND t.status = 'indexed'
WHERE m.space = ? GROUP BY m.id ORDER BY m.id`;

export class Marks {
  readonly #database: Database;
  readonly #spaces: Spaces;
  readonly #now: () => number;

  constructor(database: Database, spaces: Spaces, now: () => number) {
    this.#database = database;
    this.#spaces = spaces;
    this.#now = now;
  }

  /** All marks of a space, oldest first. */
  list(spaceId: string): Mark[] {
    const space = this.#spaces.get(spaceId);
    return space === null ? [] : this.#database.all(selectMarks, space.row).map(toMark);
  }

  /** The marked regions of a space. Cheap enough for every query. */
  regions(spaceId: string): Region[] {
    const space = this.#spaces.get(spaceId);
    return space === null ? [] : regionsOf(this.#database, space);
  }

  /** The marks of a space without their counts, oldest first. Cheap enough for every request. */
  heads(spaceId: string): MarkHead[] {
    const space = this.#spaces.get(spaceId);
    if (space === null) return [];
    return this.#database.all('SELECT * FROM marks WHERE space = ? ORDER BY id', space.row).map(toHead);
  }

  /** Marks a region and all chunks of the space in it. The space's generation is out of date afterwards.
   *  @throws {RangeError} for an empty space */
  add(spaceId: string, region: Region, note: string): Mark {
    const space = this.#requireSpace(spaceId);
    const id = this.#database.transaction(() => {
      const { lastId } = this.#database.write(
        'INSERT INTO marks (space, centres, centre, min_similarity, note, made_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
        space.row,
        bytesOf(region.centres),
        region.centre,
        region.minSimilarity,
        note,
        this.#now(),
      );
      const chunks = this.#database.iterate('SELECT track_id, idx, vector FROM chunks WHERE space = ?', space.row);
      const inside: [trackId: number, index: number][] = [];
      for (const row of chunks) {
        if (isInRegion(region, vectorOf(row))) inside.push([Number(row.track_id), Number(row.idx)]);
      }
      for (const [trackId, index] of inside) insertMarked(this.#database, space, trackId, index, lastId);
      this.#spaces.bump(space);
      return lastId;
    });
    return this.list(spaceId).find((mark) => mark.id === id) as Mark;
  }

  /** Lifts a mark: its chunks are music again, unless another mark covers them.
   *  @throws {LeitmotifError} 'bad-request' when there is no such mark in this space */
  remove(spaceId: string, id: number): Mark {
    const mark = this.list(spaceId).find((each) => each.id === id);
    const space = this.#spaces.get(spaceId);
    if (mark === undefined || space === null) {
      throw new LeitmotifError(
        'bad-request',
        `Cannot lift mark ${id}: there is none of that number; npm run library -- clusters marked lists them`,
      );
    }
    this.#database.transaction(() => {
      this.#database.write('DELETE FROM marks WHERE id = ?', id);
      this.#spaces.bump(space);
    });
    return mark;
  }

  /** Stores the groups that were shown and replaces the earlier ones. */
  saveClustering(spaceId: string, centres: Float32Array): void {
    this.#database.write(
      `INSERT INTO clusterings (space, centres, made_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (space) DO UPDATE SET centres = excluded.centres, made_at_ms = excluded.made_at_ms`,
      this.#requireSpace(spaceId).row,
      bytesOf(centres),
      this.#now(),
    );
  }

  /** The centres of the last shown groups, [groups][dimensions]; null before the first time. */
  lastClustering(spaceId: string): Float32Array | null {
    const row = this.#database.get(
      'SELECT c.centres FROM clusterings c JOIN spaces s ON s.id = c.space WHERE s.space_id = ?',
      spaceId,
    );
    return row === undefined ? null : new Float32Array(alignedBuffer(row.centres));
  }

  #requireSpace(spaceId: string): Space {
    const space = this.#spaces.get(spaceId);
    if (space === null) throw new RangeError(`Cannot mark in space ${spaceId}: it is empty`);
    return space;
  }
}

/** Marks a new track's chunks in marked regions. Runs inside the transaction that stores them. */
export function markNewChunks(
  database: Database,
  space: Space,
  trackId: number,
  chunks: readonly { readonly index: number; readonly vector: Float32Array }[],
): void {
  for (const row of database.all('SELECT * FROM marks WHERE space = ?', space.row)) {
    const region = toRegion(row);
    const inside = chunks.filter(({ vector }) => isInRegion(region, vector));
    for (const { index } of inside) insertMarked(database, space, trackId, index, Number(row.id));
  }
}

function insertMarked(database: Database, space: Space, trackId: number, index: number, mark: number): void {
  const insert = 'INSERT INTO marked_chunks (track_id, space, idx, mark) VALUES (?, ?, ?, ?)';
  database.write(insert, trackId, space.row, index, mark);
}

function regionsOf(database: Database, space: Space): Region[] {
  return database.all('SELECT * FROM marks WHERE space = ? ORDER BY id', space.row).map(toRegion);
}

function toRegion(row: SqlRow): Region {
  return {
    centres: new Float32Array(alignedBuffer(row.centres)),
    centre: Number(row.centre),
    minSimilarity: Number(row.min_similarity),
  };
}

function toHead(row: SqlRow): MarkHead {
  return { ...toRegion(row), id: Number(row.id), note: String(row.note), madeAtMs: Number(row.made_at_ms) };
}

function toMark(row: SqlRow): Mark {
  return {
    ...toHead(row),
    chunks: Number(row.chunks),
    tracks: Number(row.tracks),
  };
}

function vectorOf(row: SqlRow): Float32Array {
  return new Float32Array(alignedBuffer(row.vector));
}

function bytesOf(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
