/** What a file that calls itself a catalog has beyond the catalog's schema. A trigger or a view in a restored backup would run
 *  with each write, or answer in the place of a table.
 */
import { Database } from './database.ts';
import { migrationSteps } from './migrations.ts';

/** @param schema the version that the file says it has
 *  @returns in words, one each: what is too much, missing, or other than it should be; empty when nothing is */
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

/** Of a file that has ten thousand views, some tell enough. */
const findingsMax = 5;

/** By kind and name, without differences of writing. SQLite's own tables may be there or not, and the indexes that it makes for
 *  a key have no text. */
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
