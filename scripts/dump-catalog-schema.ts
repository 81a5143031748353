/** Writes a small catalog with the current schema as SQL, for the test that opens catalogs of older versions. Run it before
 *  you add a step to src/catalog/schema-steps.ts, and commit the output.
 *
 *      node scripts/dump-catalog-schema.ts
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrationSteps } from '../src/catalog/schema-steps.ts';

const [version = migrationSteps.length] = process.argv.slice(2).map(Number);

/** Rows that fit every schema: two tracks, a permanent failure and a temporary one. */
const rows = `
INSERT INTO spaces (space_id, dimensions, revision) VALUES ('space-a', 2, 3);
INSERT INTO tracks (key, title, duration_sec, content_sha256, size_bytes, mtime_ms, status, created_at_ms, updated_at_ms)
  VALUES ('a.mp3', 'A', 20, 'aa', 1, 1.5, 'indexed', 1000, 1000), ('b.mp3', NULL, 10, 'bb', 2, 2.5, 'indexed', 1000, 1000);
INSERT INTO tracks (key, content_sha256, size_bytes, mtime_ms, status, error_code, error_message, error_tries,
    created_at_ms, updated_at_ms)
  VALUES ('bad.mp3', 'cc', 3, 3.5, 'failed', 'audio-unreadable', 'It is a text', 2, 1000, 2000),
    ('lost.mp3', 'dd', 4, 4.5, 'failed', 'inference-failed', 'It died', 3, 1000, 2000);
INSERT INTO track_spaces VALUES (1, 1, 'aa', 2, 2, 1000), (1, 2, 'bb', 1, 1, 1000);
INSERT INTO chunks VALUES (1, 1, 0, 0, 10, 0, -20, 'music', x'0000803F00000000'),
  (1, 1, 1, 10, 20, 0, -20, 'music', x'000000000000803F'), (1, 2, 0, 0, 10, 0, -20, 'music', x'000080BF00000000');
`;

/** The first schema that stores the times of failures; the step to it fills them in for older catalogs. */
const withFailureTimes = 5;
const failureTimes = `UPDATE tracks SET error_at_ms = 2000 WHERE error_code IS NOT NULL;
UPDATE tracks SET error_retry_at_ms = 2000 WHERE key = 'lost.mp3';
`;
const allRows = version < withFailureTimes ? rows : `${rows}${failureTimes}`;

const database = new DatabaseSync(':memory:');
for (const step of migrationSteps.slice(0, version)) database.exec(step);
database.exec(allRows);
// Virtual tables make their shadow tables themselves.
const select = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
  AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')`;
const schema = database.prepare(select).all();
const text = [...schema.map(({ sql }) => `${sql};`), "INSERT INTO meta VALUES ('catalog-id', 'the-id');"];
const file = path.resolve(import.meta.dirname, '..', 'test', 'fixtures', 'catalogs', `schema-${version}.sql`);
writeFileSync(file, `${text.join('\n')}${allRows}PRAGMA user_version = ${version};\n`);
