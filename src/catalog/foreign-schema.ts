/** Finds schema objects that do not belong to a catalog. In a restored backup, a foreign trigger would run with each
 *  write, and a foreign view could replace a table.
 */
import { Database } from './database.ts';
import { migrationSteps } from './schema-steps.ts';

/** @param schema the schema version that the file declares
 *  @returns one sentence for each object that is foreign, missing or different; empty when there is none */
export function foreignSchema(database: Database, schema: number): string[] {
  const found = definitions(database);
  const expected = definitionsOf(schema);
  const findings: string[] = [];
  for (const [name, sql] of found) {
    if (!expected.has(name)) findings.push(`it holds the ${name}, which no catalog has`);
    else if (expected.get(name) !== sql) findings.push(`its ${name} is not a catalog's`);
  }
  for (const name of expected.keys()) if (!found.has(name)) findings.push(`the ${name} is missing`);
  return findings.slice(0, findingsMax);
}

/** A file may have ten thousand foreign views; a few are enough for the message. */
const findingsMax = 5;

/** Normalised SQL by kind and name. SQLite's internal tables are optional, and the automatic indexes of keys have no
 *  SQL. */
function definitions(database: Database): Map<string, string> {
  const rows = database.all(`SELECT type, name, sql FROM sqlite_schema
    WHERE NOT (type = 'table' AND name IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4'))
    AND NOT (type = 'index' AND sql IS NULL)`);
  return new Map(rows.map((row) => [`${row.type} ${row.name}`, plain(String(row.sql))]));
}

function definitionsOf(schema: number): Map<string, string> {
  using database = new Database(':memory:', { steps: migrationSteps.slice(0, schema) });
  return definitions(database);
}

function plain(sql: string): string {
  return sql
    .replace(/--[^\n]*/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),]) ?/g, '$1')
    .trim();
}
