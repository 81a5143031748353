import { existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { backUpCatalog, backupsIn } from '../../src/maintenance/backup.ts';
import { FolderBackups } from '../../src/maintenance/folder-backups.ts';
import { restoreCatalog } from '../../src/maintenance/restore.ts';
import { factsOf, openCatalog, recordingOf, tempFolder } from '../catalog/helpers.ts';

const never = new AbortController().signal;
const at = (minute: number) => new Date(Date.UTC(2026, 10, 26, 7, minute, 5));
const recording = recordingOf(['music', 'music']);
const keysOf = (catalog: Catalog) => [...catalog.tracks.known('space-a').keys()];

/** A catalog of three tracks, and a backup made when it had two. */
async function backedUp() {
  const indexDir = tempFolder();
  const folder = path.join(indexDir, 'backups');
  const catalog = openCatalog(indexDir);
  catalog.embeddings.put(factsOf('a.mp3'), recording);
  catalog.embeddings.put(factsOf('b.mp3'), recording);
  const store = new FolderBackups(folder);
  const parts = { catalog, store, workDir: path.join(indexDir, 'spool'), signal: never };
  const pathOf = (location: string) => location.slice('file:'.length);
  const backUp = async (minute: number, keep: number | null = null) => {
    const backup = await backUpCatalog({ ...parts, keep, now: at(minute) });
    return { ...backup, path: pathOf(backup.location) };
  };
  const backup = await backUp(1);
  catalog.embeddings.put(factsOf('c.mp3'), recording);
  const saveBefore = async () => (await backUp(2)).path;
  return { indexDir, folder, catalog, backup, backUp, parts, saveBefore };
}

test('copies the catalog as it was while it is open and written to', async () => {
  const { backup, folder } = await backedUp();
  expect(backup).toMatchObject({ path: path.join(folder, 'catalog-2026-11-26T07-01-05-000Z.sqlite'), tracks: 2 });
  expect(backup.bytes).toBe(readFileSync(backup.path).length);
  using copy = new Catalog(backup.path);
  expect(keysOf(copy)).toEqual(['a.mp3', 'b.mp3']);
  expect(copy.evidence.recordingOf('space-a', 1)?.chunks).toEqual(recording.chunks);
});

test('makes a backup while another connection keeps writing', async () => {
  const { backUp, indexDir } = await backedUp();
  using writer = new Catalog(path.join(indexDir, 'catalog.sqlite'));
  let written = 0;
  const writing = setInterval(() => writer.embeddings.put(factsOf(`more-${written++}.mp3`), recording), 1);
  try {
    const backup = await backUp(3);
    expect(backup.tracks).toBeGreaterThanOrEqual(3);
  } finally {
    clearInterval(writing);
  }
});

test('keeps the newest backups, and touches nothing else in the folder', async () => {
  const { backUp, folder } = await backedUp();
  writeFileSync(path.join(folder, 'mine.sqlite'), 'mine');
  for (const minute of [5, 6, 7]) await backUp(minute, 2);
  expect(readdirSync(folder).sort()).toEqual([
    'catalog-2026-11-26T07-06-05-000Z.sqlite',
    'catalog-2026-11-26T07-07-05-000Z.sqlite',
    'mine.sqlite',
  ]);
});

test('keeps two backups of one second, and lists, restores and counts those without milliseconds', async () => {
  const { catalog, backup, folder, parts, saveBefore } = await backedUp();
  const older = 'catalog-2026-11-26T07-05-05Z.sqlite';
  renameSync(backup.path, path.join(folder, older));
  const put = (milliseconds: number, keep: number | null) =>
    backUpCatalog({ ...parts, keep, now: new Date(at(5).getTime() + milliseconds) });
  await put(7, null);
  await put(8, null);
  const nameOf = (milliseconds: string) => `catalog-2026-11-26T07-05-05-${milliseconds}Z.sqlite`;
  expect((await backupsIn(parts.store, never)).map(({ name }) => name)).toEqual([older, nameOf('007'), nameOf('008')]);
  const restored = await restoreCatalog(path.join(folder, older), catalog.path, at(6), saveBefore);
  expect(restored.backup.tracks).toBe(2);
  expect((await put(9, 3)).removed).toEqual(['catalog-2026-11-26T07-02-05-000Z.sqlite', older]);
  expect((await backupsIn(parts.store, never)).map(({ name }) => name)).toEqual([
    nameOf('007'),
    nameOf('008'),
    nameOf('009'),
  ]);
});

test('names a place that cannot be written, and leaves nothing behind', async () => {
  const { parts, indexDir } = await backedUp();
  const file = path.join(indexDir, 'a-file');
  writeFileSync(file, '');
  const store = new FolderBackups(path.join(file, 'below'));
  await expect(backUpCatalog({ ...parts, store, keep: null, now: at(1) })).rejects.toMatchObject({
    code: 'file-unreadable',
    message: expect.stringMatching(/a-file\/below/),
  });
  expect(readdirSync(parts.workDir)).toEqual([]);
});

test('restores the catalog for programs that have it open, and keeps the replaced one', async () => {
  const { indexDir, catalog, backup, saveBefore } = await backedUp();
  using reader = new Catalog(path.join(indexDir, 'catalog.sqlite'));
  expect(keysOf(reader)).toEqual(['a.mp3', 'b.mp3', 'c.mp3']);
  const restored = await restoreCatalog(backup.path, catalog.path, at(2), saveBefore);
  expect(restored.backup).toMatchObject({ tracks: 2, catalogId: catalog.id });
  expect(keysOf(reader)).toEqual(['a.mp3', 'b.mp3']);
  using before = new Catalog(restored.before ?? '');
  expect(keysOf(before)).toEqual(['a.mp3', 'b.mp3', 'c.mp3']);
});

test('never reuses an id of the replaced catalog, readable or not', async () => {
  const { indexDir, catalog, backup, saveBefore } = await backedUp();
  const gone = catalog.tracks.byKey('c.mp3')?.id ?? 0;
  await restoreCatalog(backup.path, catalog.path, at(2), saveBefore);
  catalog.embeddings.put(factsOf('d.mp3'), recording);
  const next = catalog.tracks.byKey('d.mp3')?.id ?? 0;
  expect(next).toBeGreaterThan(gone);
  catalog.close();
  const file = path.join(indexDir, 'catalog.sqlite');
  writeFileSync(file, 'this is no database, and was one once'.repeat(5000));
  const restored = await restoreCatalog(backup.path, file, at(4), saveBefore);
  expect(restored.before).toMatch(/catalog\.sqlite\.damaged-\d+$/);
  expect(existsSync(restored.before ?? '')).toBe(true);
  using again = new Catalog(file);
  again.embeddings.put(factsOf('e.mp3'), recording);
  expect(again.tracks.byKey('e.mp3')?.id).toBeGreaterThan(next + 1000);
  expect(keysOf(again)).toEqual(['a.mp3', 'b.mp3', 'e.mp3']);
});

test('restores into an empty folder', async () => {
  const { backup, saveBefore } = await backedUp();
  const file = path.join(tempFolder(), 'catalog.sqlite');
  expect((await restoreCatalog(backup.path, file, at(2), saveBefore)).before).toBeNull();
  using catalog = new Catalog(file);
  expect(keysOf(catalog)).toEqual(['a.mp3', 'b.mp3']);
});

test('refuses a file that is not a backup, and keeps the catalog unchanged', async () => {
  const { indexDir, catalog, backup, saveBefore, folder } = await backedUp();
  const refused = async (file: string) => {
    await expect(restoreCatalog(file, catalog.path, at(2), saveBefore)).rejects.toMatchObject({
      code: expect.stringMatching(/catalog-corrupt|catalog-version|file-unreadable|config-invalid/),
    });
    expect(keysOf(catalog)).toEqual(['a.mp3', 'b.mp3', 'c.mp3']);
  };
  await refused(path.join(folder, 'missing.sqlite'));
  await refused(catalog.path);
  const other = path.join(indexDir, 'other.sqlite');
  writeFileSync(other, 'a text');
  await refused(other);
  const foreign = new DatabaseSync(path.join(indexDir, 'foreign.sqlite'));
  foreign.exec('CREATE TABLE songs (name TEXT)');
  foreign.close();
  await refused(path.join(indexDir, 'foreign.sqlite'));
  const newer = new DatabaseSync(backup.path);
  newer.exec('PRAGMA user_version = 999');
  newer.close();
  await refused(backup.path);
  const cut = new DatabaseSync(backup.path);
  cut.exec('PRAGMA user_version = 1');
  cut.close();
  truncateSync(backup.path, 40_000);
  await refused(backup.path);
});

test.each([
  ['a trigger', 'CREATE TRIGGER spy AFTER INSERT ON tracks BEGIN DELETE FROM tracks; END', 'trigger spy'],
  ['a view', 'CREATE VIEW spy AS SELECT * FROM tracks', 'view spy'],
  ['a table', 'CREATE TABLE spy (x)', 'table spy'],
  ['an index on an expression', 'CREATE INDEX spy ON tracks (abs(id))', 'index spy'],
  ['a table with other columns', 'DROP TABLE guild_settings; CREATE TABLE guild_settings (x)', 'guild_settings'],
  ['a missing table', 'DROP TABLE guild_settings', 'guild_settings is missing'],
  [
    'a view in the place of a table',
    'DROP TABLE guild_settings; CREATE VIEW guild_settings AS SELECT 1',
    'guild_settings',
  ],
])('refuses a backup with %s, and keeps the catalog unchanged', async (_what, sql, named) => {
  const { indexDir, catalog, backup, saveBefore } = await backedUp();
  const raw = new DatabaseSync(backup.path);
  raw.exec(sql);
  raw.close();
  const restoring = restoreCatalog(backup.path, path.join(indexDir, 'catalog.sqlite'), at(9), saveBefore);
  await expect(restoring).rejects.toMatchObject({ code: 'catalog-corrupt', message: expect.stringContaining(named) });
  expect(keysOf(catalog)).toEqual(['a.mp3', 'b.mp3', 'c.mp3']);
});

test('restores a backup of an earlier version, or one that SQLite has analysed', async () => {
  const { indexDir, catalog, backup, saveBefore } = await backedUp();
  const raw = new DatabaseSync(backup.path);
  raw.exec('ANALYZE');
  raw.close();
  await restoreCatalog(backup.path, path.join(indexDir, 'catalog.sqlite'), at(9), saveBefore);
  expect(keysOf(catalog)).toEqual(['a.mp3', 'b.mp3']);
  const fixtures = path.resolve(import.meta.dirname, '../fixtures/catalogs');
  for (const name of readdirSync(fixtures)) {
    const file = path.join(indexDir, `${name}ite`);
    const older = new DatabaseSync(file);
    older.exec(readFileSync(path.join(fixtures, name), 'utf8'));
    older.close();
    expect(
      (await restoreCatalog(file, path.join(tempFolder(), 'catalog.sqlite'), at(9), saveBefore)).backup.tracks,
    ).toBe(4);
  }
});
