/** Catalogs of earlier versions, opened by this one. scripts/dump-catalog-schema.ts wrote the fixtures. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { schemaVersion } from '../../src/catalog/migrations.ts';
import { openCatalog, tempFolder } from './helpers.ts';

const fixtures = path.resolve(import.meta.dirname, '..', 'fixtures', 'catalogs');
const versions = readdirSync(fixtures).map((name) => Number(/\d+/.exec(name)?.[0]));

function schemaOf(folder: string): unknown[] {
  const raw = new DatabaseSync(path.join(folder, 'catalog.sqlite'));
  const schema = raw.prepare('SELECT type, name FROM sqlite_schema ORDER BY type, name').all();
  const columns = raw.prepare('SELECT name, type FROM pragma_table_info(?) ORDER BY name').all('tracks');
  raw.close();
  return [...schema, ...columns];
}

function olderCatalog(version: number): string {
  const folder = tempFolder();
  const raw = new DatabaseSync(path.join(folder, 'catalog.sqlite'));
  raw.exec(readFileSync(path.join(fixtures, `schema-${version}.sql`), 'utf8'));
  raw.close();
  return folder;
}

test('has a fixture of each earlier schema', () => {
  for (let version = 1; version < schemaVersion; version++) {
    expect(existsSync(path.join(fixtures, `schema-${version}.sql`)), `schema-${version}.sql`).toBe(true);
  }
});

test.each(versions.filter((version) => version < schemaVersion))(
  'opens a catalog of schema %i with all its data',
  (version) => {
    const folder = olderCatalog(version);
    const catalog = openCatalog(folder);
    expect(catalog.id).toBe('the-id');
    expect(catalog.counts().tracks).toEqual({ indexed: 2, failed: 2, removed: 0 });
    using snapshot = catalog.snapshot('space-a');
    expect([...snapshot.rows()].map(({ chunk, vector }) => [chunk.trackId, chunk.startSec, ...vector])).toEqual([
      [1, 0, 1, 0],
      [1, 10, 0, 1],
      [2, 0, -1, 0],
    ]);
    // Failures of the file's content stay; passing failures are retried in the next run.
    const known = catalog.tracks.known('space-a');
    expect(known.get('bad.mp3')?.failure).toMatchObject({ tries: 2, atMs: 2000, retryAtMs: null });
    expect(known.get('lost.mp3')?.failure).toMatchObject({ tries: 3, atMs: 2000, retryAtMs: 2000 });

    const fresh = tempFolder();
    openCatalog(fresh);
    expect(schemaOf(folder)).toEqual(schemaOf(fresh));
  },
);
