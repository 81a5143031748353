/** Checks the catalog's consistency and repairs what it can. */
import type { Database } from './database.ts';
import { alignedBuffer } from './evidence.ts';

/** A track with invalid vectors in one space. */
export interface BadTrack {
  readonly trackId: number;
  readonly key: string;
  readonly spaceId: string;
  readonly why: string;
}

const wrongCounts = `
SELECT ts.track_id, ts.space, count(c.idx) AS found, coalesce(sum(c.kind = 'music'), 0) AS found_music
FROM track_spaces ts LEFT JOIN chunks c ON c.track_id = ts.track_id AND c.space = ts.space
GROUP BY ts.track_id, ts.space HAVING found <> ts.chunks OR found_music <> ts.music_chunks`;

const allChunks = `
SELECT c.track_id, t.key, s.space_id, s.dimensions, c.idx, c.start_sec, c.end_sec, c.kind, c.vector
FROM chunks c JOIN tracks t ON t.id = c.track_id JOIN spaces s ON s.id = c.space ORDER BY c.track_id, c.space, c.idx`;

/** The same tolerance as for a worker's response: rounding of float32 and of half precision stays within it. */
const unitTolerance = 1e-3;

export class Inspection {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** SQLite's findings about the file; empty when it is intact. Reads every page.
   *  @param deep also compares each index with its table and checks foreign keys
   *  @see https://www.sqlite.org/pragma.html#pragma_integrity_check */
  file(deep: boolean): string[] {
    const pragma = deep ? 'integrity_check' : 'quick_check';
    const found = this.#database.all(`PRAGMA ${pragma}`).map((row) => String(row[pragma]));
    const findings = found.filter((finding) => finding !== 'ok');
    if (!deep) return findings;
    const dangling = this.#database.all('PRAGMA foreign_key_check');
    return [
      ...findings,
      ...dangling.map((row) => `row ${row.rowid} of ${row.table} refers to a row that is not in ${row.parent}`),
    ];
  }

  /** Corrects stored chunk counts that differ from the number of chunks.
   *  @returns number of corrected tracks */
  repairCounts(): number {
    return this.#database.transaction(() => {
      const wrong = this.#database.all(wrongCounts);
      for (const { track_id, space, found, found_music } of wrong) {
        this.#database.write(
          'UPDATE track_spaces SET chunks = ?, music_chunks = ? WHERE track_id = ? AND space = ?',
          ...[Number(found), Number(found_music), Number(track_id), Number(space)],
        );
      }
      return wrong.length;
    });
  }

  /** Reads every vector: one or two seconds for 400,000. Also yields null regularly, so that the caller can check a
   *  signal. */
  *badTracks(): Generator<BadTrack | null, void, undefined> {
    let last = '';
    let next = 0;
    let rows = 0;
    for (const row of this.#database.iterate(allChunks)) {
      if (++rows % 10_000 === 0) yield null;
      const name = `${row.track_id} ${row.space_id}`;
      if (name !== last) next = 0;
      last = name;
      const why = describeFault(row, next);
      next = Number(row.idx) + 1;
      if (why) yield { trackId: Number(row.track_id), key: String(row.key), spaceId: String(row.space_id), why };
    }
  }

  /** Deletes a track's vectors in a space, so that the next run embeds it again. */
  dropVectors({ trackId, spaceId }: Pick<BadTrack, 'trackId' | 'spaceId'>): void {
    this.#database.transaction(() => {
      this.#database.write('UPDATE spaces SET revision = revision + 1 WHERE space_id = ?', spaceId);
      this.#database.write(
        'DELETE FROM track_spaces WHERE track_id = ? AND space = (SELECT id FROM spaces WHERE space_id = ?)',
        trackId,
        spaceId,
      );
    });
  }

  /** Makes the next run read a file although its size and time are unchanged. */
  requestReread(key: string): void {
    this.#database.write('UPDATE tracks SET mtime_ms = -1 WHERE key = ?', key);
  }
}

/** Drops an incomplete number at the end of a truncated blob. */
function wholeNumbers(bytes: ArrayBuffer): ArrayBuffer {
  return bytes.byteLength % 4 === 0 ? bytes : bytes.slice(0, bytes.byteLength - (bytes.byteLength % 4));
}

function describeFault(row: Record<string, unknown>, expectedIndex: number): string | null {
  if (row.idx !== expectedIndex) return `chunk ${row.idx} in place of chunk ${expectedIndex}`;
  if (!(Number(row.end_sec) > Number(row.start_sec))) return `chunk ${row.idx} ends before it starts`;
  const vector = new Float32Array(wholeNumbers(alignedBuffer(row.vector)));
  if (vector.length !== row.dimensions) return `chunk ${row.idx} has ${vector.length} values of ${row.dimensions}`;
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  const isRight = row.kind === 'music' ? Math.abs(length - 1) <= unitTolerance : Number.isFinite(length);
  return isRight ? null : `chunk ${row.idx} has a vector of length ${length}`;
}
