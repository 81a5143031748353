import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Database } from '../../src/catalog/database.ts';
import { migrate, schemaVersion } from '../../src/catalog/migrations.ts';
import { factsOf, openCatalog, recordingOf, tempFolder } from './helpers.ts';

function fails(code: string, message = /./) {
  return expect.objectContaining({ code, message: expect.stringMatching(message) });
}

function rawConnection(folder: string): DatabaseSync {
  const raw = new DatabaseSync(path.join(folder, 'catalog.sqlite'), { timeout: 0 });
  onTestFinished(() => {
    if (raw.isOpen) raw.close();
  });
  return raw;
}

test('keeps its id and content when it is opened again', () => {
  const folder = tempFolder();
  const first = openCatalog(folder);
  first.embeddings.put(factsOf('a'), recordingOf(['music']));
  first.libraryLocation = 'file:/music';
  const { id } = first;
  const content = first.contentOf('space-a');
  first.close();
  const again = openCatalog(folder);
  expect(again.id).toBe(id);
  expect(again.contentOf('space-a')).toBe(content);
  expect(again.libraryLocation).toBe('file:/music');
  expect(openCatalog().id).not.toBe(id);
});

test('lets another connection read while a track is being written', () => {
  const folder = tempFolder();
  const writer = openCatalog(folder);
  const reader = openCatalog(folder);
  const id = writer.embeddings.put(factsOf('a'), recordingOf(['music']));
  const raw = rawConnection(folder);
  raw.exec('BEGIN IMMEDIATE');
  expect(reader.tracks.live([id])).toEqual(new Set([id]));
});

test('reports a busy catalog when another writer does not finish', () => {
  const folder = tempFolder();
  const catalog = openCatalog(folder, { busyTimeoutMs: 20 });
  rawConnection(folder).exec('BEGIN IMMEDIATE');
  const put = () => catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  expect(put).toThrow(fails('catalog-busy', /another process/));
});

test('refuses a catalog of a newer schema, naming both, and leaves it unchanged', () => {
  const folder = tempFolder();
  openCatalog(folder).close();
  const raw = rawConnection(folder);
  raw.exec(`PRAGMA user_version = ${schemaVersion + 3}`);
  raw.close();
  const both = new RegExp(`expected schema ${schemaVersion} or older, got ${schemaVersion + 3}`);
  expect(() => openCatalog(folder)).toThrow(fails('catalog-version', both));
  const after = rawConnection(folder);
  expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion + 3 });
});

test('applies the missing migrations in order, all or none', () => {
  const database = new Database(path.join(tempFolder(), 'catalog.sqlite'));
  onTestFinished(() => database.close());
  const version = () => Number(database.get('PRAGMA user_version')?.user_version);
  const steps = Array.from({ length: schemaVersion }, () => 'never run again');
  migrate(database, [...steps, 'CREATE TABLE later (x)', 'INSERT INTO later VALUES (1)']);
  expect(version()).toBe(schemaVersion + 2);
  expect(database.all('SELECT x FROM later')).toEqual([{ x: 1 }]);

  const more = [...steps, '', '', 'INSERT INTO later VALUES (2)', 'this is no SQL'];
  expect(() => migrate(database, more)).toThrow();
  expect(version()).toBe(schemaVersion + 2);
  expect(database.all('SELECT x FROM later')).toEqual([{ x: 1 }]);
});

test('reports a full disk, and keeps its content', () => {
  const catalog = openCatalog(undefined, { sizeMaxBytes: 800_000 });
  const id = catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  const before = catalog.contentOf('space-a');
  const big = recordingOf(
    Array.from({ length: 200 }, () => 'music' as const),
    { dimensions: 4, seed: 2 },
  );
  const wide = {
    ...big,
    spaceId: 'space-b',
    chunks: big.chunks.map((c) => ({ ...c, vector: new Float32Array(2000) })),
  };
  expect(() => catalog.embeddings.put(factsOf('b'), wide)).toThrow(fails('disk-full'));
  expect(catalog.tracks.byKey('b')).toBeNull();
  expect(catalog.tracks.live([id])).toEqual(new Set([id]));
  expect(catalog.contentOf('space-a')).toBe(before);
});

test('refuses a file that is not a catalog, and one with damaged pages', () => {
  const folder = tempFolder();
  const file = path.join(folder, 'catalog.sqlite');
  writeFileSync(file, 'this is a text and not a database at all, and long enough to be sure of it. '.repeat(20));
  expect(() => new Catalog(file)).toThrow(fails('catalog-corrupt'));
  const other = tempFolder();
  const damaged = path.join(other, 'catalog.sqlite');
  openCatalog(other).close();
  const bytes = readFileSync(damaged);
  bytes.fill(0xab, 100, 16_000);
  writeFileSync(damaged, bytes);
  expect(() => new Catalog(damaged)).toThrow(fails('catalog-corrupt'));
});

test('names the file that it cannot open', () => {
  const file = path.join(tempFolder(), 'no such folder', 'catalog.sqlite');
  expect(() => new Catalog(file)).toThrow(fails('file-unreadable', /no such folder/));
});
