/** A catalog in place of another: what must hold between the two so that nothing that was made from the old one is
 *  misread with the new. */
import { LeitmotifError } from '../errors.ts';
import { Database, overwriteDatabase } from './database.ts';
import { foreignSchema } from './foreign-schema.ts';
import { Inspection } from './inspection.ts';
import { stepsTaken } from './migrations.ts';

/** Of a file that may be a catalog. */
export interface CatalogFacts {
  readonly schema: number;
  readonly catalogId: string;
  readonly tracks: number;
  /** Of the last change to a track, milliseconds since 1970; null for a catalog without tracks. */
  readonly changedAtMs: number | null;
}

/** Ids that a catalog may have given that cannot be read any more. */
const unreadableGap = 1_000_000;

/** @throws {LeitmotifError} 'catalog-corrupt' for what is none, or is damaged; 'catalog-version' for one of a newer
 *    program; 'file-unreadable' */
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

/** The highest ids that a catalog has given, by table; null where it cannot be read. */
export function idsGiven(path: string): ReadonlyMap<string, number> | null {
  try {
    using database = new Database(path, { readOnly: true });
    return new Map(
      database.all('SELECT name, seq FROM sqlite_sequence').map((row) => [String(row.name), Number(row.seq)]),
    );
  } catch {
    return null;
  }
}

/** Puts a backup in the catalog's place. No id that the catalog before it gave is given again: generations, answers and
 *  votes that were made since name tracks by it.
 *  @param given what `idsGiven` said before */
export async function putInPlace(
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
