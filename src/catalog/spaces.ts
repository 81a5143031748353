/** The embedding spaces in the catalog and their revisions. */
import { LeitmotifError } from '../errors.ts';
import type { Database } from './database.ts';

export interface Space {
  /** Row id in this catalog; the rest of the project uses `spaceId`. */
  readonly row: number;
  readonly spaceId: string;
  readonly dimensions: number;
  /** Grows with every transaction that changes the live chunks of the space. */
  readonly revision: number;
  /** The generation that was last built from this space, and the name of its rows (`Catalog.contentOf`). */
  readonly built: { readonly generationId: string; readonly content: string } | null;
}

export class Spaces {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(spaceId: string): Space | null {
    const row = this.#database.get('SELECT * FROM spaces WHERE space_id = ?', spaceId);
    return row === undefined ? null : toSpace(row);
  }

  /** All spaces in the order of their first use. */
  list(): Space[] {
    return this.#database.all('SELECT * FROM spaces ORDER BY id').map(toSpace);
  }

  /** Returns the space's row and creates it if missing. Call it inside a transaction.
   *  @throws {LeitmotifError} 'space-mismatch' when the known space has other dimensions */
  ensure(spaceId: string, dimensions: number): Space {
    const insert = 'INSERT INTO spaces (space_id, dimensions) VALUES (?, ?) ON CONFLICT DO NOTHING';
    this.#database.write(insert, spaceId, dimensions);
    const space = this.get(spaceId);
    if (space === null || space.dimensions !== dimensions) {
      throw new LeitmotifError(
        'space-mismatch',
        `Cannot store vectors of space ${spaceId}: expected ${space?.dimensions} dimensions, got ${dimensions}`,
      );
    }
    return space;
  }

  /** Raises the revision of every space with vectors of the track. Call it inside the transaction that changes it. */
  bumpAllOf(trackId: number): void {
    const bump =
      'UPDATE spaces SET revision = revision + 1 WHERE id IN (SELECT space FROM track_spaces WHERE track_id = ?)';
    this.#database.write(bump, trackId);
  }

  /** Records the rows that a generation was built from. */
  setBuilt(spaceId: string, generationId: string, content: string): void {
    const update = 'UPDATE spaces SET generation_id = ?, generation_content = ? WHERE space_id = ?';
    this.#database.write(update, generationId, content, spaceId);
  }

  bump(space: Space): void {
    this.#database.write('UPDATE spaces SET revision = revision + 1 WHERE id = ?', space.row);
  }
}

function toSpace(row: Record<string, unknown>): Space {
  return {
    row: Number(row.id),
    spaceId: String(row.space_id),
    dimensions: Number(row.dimensions),
    revision: Number(row.revision),
    built:
      row.generation_id === null
        ? null
        : { generationId: String(row.generation_id), content: String(row.generation_content) },
  };
}
