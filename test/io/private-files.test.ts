/** User data on disk: accessible to its owner only, and never through a link. */
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { createPrivateFile, isPlainFile, makePrivateFolder, makePrivateSync } from '../../src/io/private-files.ts';
import { ProcessLock } from '../../src/io/process-lock.ts';

const modeOf = (file: string) => statSync(file).mode & 0o777;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'private-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => path.join(folder, name);

test('restricts the catalog, its log and its shared memory to the owner, also an existing one', () => {
  writeFileSync(at('catalog.sqlite'), '', { mode: 0o644 });
  using catalog = new Catalog(at('catalog.sqlite'));
  expect(catalog.id).not.toBe('');
  for (const end of ['', '-wal', '-shm']) expect(modeOf(at(`catalog.sqlite${end}`)), end).toBe(0o600);
});

test('writes the lock owner to a separate file, and never through a link', () => {
  writeFileSync(at('victim'), 'as it was');
  symlinkSync(at('victim'), at('index.lock.owner.json'));
  {
    using lock = ProcessLock.take(at('index.lock'));
    expect(lock).not.toBeNull();
    expect(ProcessLock.take(at('index.lock'))).toBeNull();
  }
  expect(readFileSync(at('victim'), 'utf8')).toBe('as it was');
  rmSync(at('index.lock.owner.json'));
  ProcessLock.take(at('index.lock'))?.release();
  expect([modeOf(at('index.lock')), modeOf(at('index.lock.owner.json'))]).toEqual([0o600, 0o600]);
});

test('creates a fetched file anew, never through a link', async () => {
  symlinkSync(at('victim'), at('spooled'));
  await expect(createPrivateFile(at('spooled'))).rejects.toMatchObject({ code: 'EEXIST' });
  await (await createPrivateFile(at('other'))).close();
  expect(modeOf(at('other'))).toBe(0o600);
  expect(isPlainFile(at('spooled'))).toBe(false);
  expect(isPlainFile(at('other'))).toBe(true);
});

test('makes new folders private and leaves existing ones as they are', async () => {
  mkdirSync(at('chosen'), { mode: 0o755 });
  await makePrivateFolder(at('chosen/answers/1'));
  expect(modeOf(at('chosen'))).toBe(0o755);
  expect([modeOf(at('chosen/answers')), modeOf(at('chosen/answers/1'))]).toEqual([0o700, 0o700]);
});

test('removes the access of others to files of other code, but not through links', () => {
  writeFileSync(at('clip.mp3'), '', { mode: 0o644 });
  symlinkSync(at('clip.mp3'), at('link'));
  makePrivateSync(at('link'));
  expect(lstatSync(at('clip.mp3')).mode & 0o777).toBe(0o644);
  makePrivateSync(at('clip.mp3'));
  makePrivateSync(at('missing'));
  expect(modeOf(at('clip.mp3'))).toBe(0o600);
});
