/** Brings the catalog's schema up to date. `PRAGMA user_version` counts the applied steps (schema-steps.ts). Missing steps are applied
 *  in one transaction. */
import { LeitmotifError } from '../errors.ts';
import { migrationSteps } from './schema-steps.ts';

export const schemaVersion = migrationSteps.length;

/** The part of a catalog connection that a migration needs. */
export interface Migratable {
  readonly path: string;
  get(sql: string): Record<string, unknown> | undefined;
  exec(sql: string): void;
  transaction<Result>(work: () => Result): Result;
}

/** Applies the missing steps, all or none.
 *  @throws {LeitmotifError} 'catalog-version' when a newer program wrote the file; the file is unchanged */
export function migrate(database: Migratable, wanted: readonly string[] = migrationSteps): void {
  if (stepsTaken(database, wanted.length) === wanted.length) return;
  database.transaction(() => {
    // Read again under the write lock: another process may have migrated meanwhile.
    for (const step of wanted.slice(stepsTaken(database, wanted.length))) database.exec(step);
    database.exec(`PRAGMA user_version = ${wanted.length}`);
  });
}

/** The schema version of a file; 0 for an empty database.
 *  @throws {LeitmotifError} 'catalog-version' when it is newer than this program */
export function stepsTaken(database: Migratable, known: number = schemaVersion): number {
  const taken = Number(database.get('PRAGMA user_version')?.user_version ?? 0);
  if (taken <= known) return taken;
  throw new LeitmotifError(
    'catalog-version',
    `Cannot open the catalog ${database.path}: expected schema ${known} or older, got ${taken}; ` +
      'a newer Leitmotif has written it and can still open it',
  );
}
