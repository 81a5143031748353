/** Replaces a catalog by a backup, so that generations and answers made with the old catalog are not misread with the new
 *  one. */
import { LeitmotifError } from '../errors.ts';
import { Database, overwriteDatabase } from './database.ts';
import { foreignSchema } from './foreign-schema.ts';
import { Inspection } from './inspection.ts';
import { stepsTaken } from './migrations.ts';

/** Facts about a catalog file. */
export interface CatalogFacts {
  readonly schema: number;
  readonly catalogId: string;
  readonly tracks: number;
  /** Time of the last change to a track, milliseconds since 1970; null for a catalog without tracks. */
  readonly changedAtMs: number | null;
}

/** Ids to skip when the replaced catalog cannot be read: it may have assigned them. */
const unreadableGap = 1_000_000;

/** @throws {LeitmotifError} 'catalog-corrupt' when the file is damaged or not a catalog; 'catalog-version' for a file of a
 *    newer program; 'file-unreadable' */
export function inspectCatalogFile(path: string): CatalogFacts {
  using database = new Database(path, { readOnly: true });
  const schema = stepsTaken(database);
  if (schema < 1) throw notACatalog(path, 'it is a database of something else');
  const findings = [...foreignSchema(database, schema), ...new Inspection(database).file(false)];
  if (findings.length > 0) throw notACatalog(path, findings.join('; '));
  const counts = database.get('SELECT count(*) AS n, max(updated_at_ms) AS at FROM tracks');
  return {
    schema,
    catalogId: String(database.get("SELECT value FROM meta WHERE name = 'catalog-id'")?.value),
    tracks: Number(counts?.n),
    changedAtMs: counts?.at === null ? null : Number(counts?.at),
  };
}

/** The highest id assigned per table; null when the catalog cannot be read. */
export function highestIds(path: string): ReadonlyMap<string, number> | null {
  try {
    using database = new Database(path, { readOnly: true });
    return new Map(
      database.all('SELECT name, seq FROM sqlite_sequence').map((row) => [String(row.name), Number(row.seq)]),
    );
  } catch {
    return null;
  }
}

/** Replaces the catalog by a backup. No id of the replaced catalog is assigned again, because generations, answers and
 *  votes refer to tracks by id.
 *  @param given result of `highestIds` for the replaced catalog */
export async function replaceCatalog(
  backup: string,
  path: string,
  given: ReadonlyMap<string, number> | null,
): Promise<void> {
  await overwriteDatabase(backup, path);
  using database = new Database(path);
  database.transaction(() => {
    for (const row of database.all('SELECT name, seq FROM sqlite_sequence')) {
      const least = given === null ? Number(row.seq) + unreadableGap : (given.get(String(row.name)) ?? 0);
      database.write('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?', least, String(row.name));
    }
    for (const [name, seq] of given ?? []) {
      const missing =
        'INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)';
      database.write(missing, name, seq, name);
    }
  });
}

function notACatalog(path: string, why: string): LeitmotifError {
  return new LeitmotifError('catalog-corrupt', `Cannot use ${path}: it is not a whole catalog: ${why}`);
}
