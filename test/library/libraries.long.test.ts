/** Several libraries as one, in real runs: a library that cannot be listed is unknown, not removed. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FolderLibrary } from '../../src/library/folder.ts';
import { Libraries } from '../../src/library/libraries.ts';
import type { ListedFile } from '../../src/library/library.ts';
import { Bench, tempFolder } from '../indexing/helpers.ts';
import { azureLibrary, fails } from '../support/azure-library.ts';
import { Azurite } from '../support/azurite.ts';

function folderOf(...keys: string[]): string {
  const root = tempFolder();
  for (const key of keys) {
    mkdirSync(path.dirname(path.join(root, key)), { recursive: true });
    writeFileSync(path.join(root, key), `${key} of ${root}`);
  }
  return root;
}

const named = (folders: Readonly<Record<string, string>>) =>
  new Libraries(Object.entries(folders).map(([name, root]) => ({ name, library: new FolderLibrary(root) })));

describe('keys', () => {
  test('start with the name of their library, in code point order', async () => {
    const library = named({ b: folderOf('x.mp3'), 'a-b': folderOf('y.mp3'), a: folderOf('z.mp3', 'd/e.mp3') });
    const keys = (await Array.fromAsync(library.list())).map(({ key }) => key);
    expect(keys).toEqual(['a-b/y.mp3', 'a/d/e.mp3', 'a/z.mp3', 'b/x.mp3']);
    expect(keys).toEqual(keys.toSorted());
  });

  test('lead to the recording in every operation', async () => {
    const root = folderOf('x.mp3');
    const library = named({ a: root, ab: folderOf('x.mp3') });
    const content = `x.mp3 of ${root}`;
    const file = (await library.look('a/x.mp3')) as ListedFile;
    expect(file).toMatchObject({ key: 'a/x.mp3', sizeBytes: content.length });
    expect(String(await Array.fromAsync(library.read('a/x.mp3', {})))).toBe(content);
    expect(await library.take(file, {})).toMatchObject({ path: path.join(root, 'x.mp3') });
    expect(await library.localFile('a/x.mp3', {})).toMatchObject({ path: path.join(root, 'x.mp3') });
    expect(await library.seekable('a/x.mp3', {})).toMatchObject({ path: path.join(root, 'x.mp3') });
    expect(await library.look('c/x.mp3')).toBeNull();
    await expect(library.localFile('c/x.mp3', {})).rejects.toEqual(fails('file-unreadable', /in none of: a, ab/));
  });
});

describe('a run', () => {
  test('indexes the other libraries when one cannot be listed, and keeps the tracks of that one', async () => {
    const bench = new Bench();
    const [live, studio] = [folderOf('1.mp3', '2.mp3'), folderOf('3.mp3')];
    const library = named({ live, studio });
    await bench.run({ library });
    const away = `${live}-away`;
    renameSync(live, away);
    writeFileSync(path.join(studio, '4.mp3'), 'four');
    const summary = await bench.run({ library });
    expect(summary.files).toMatchObject({ embedded: 1, unchanged: 1, removed: 0, failed: 0, notListed: 1 });
    expect(summary.failures).toEqual([
      { key: 'live/', code: 'file-unreadable', message: expect.stringMatching(/there is no such folder/) },
    ]);
    expect(Object.keys(bench.rows())).toEqual(['live/1.mp3', 'live/2.mp3', 'studio/3.mp3', 'studio/4.mp3']);
    renameSync(away, live);
    expect((await bench.run({ library })).files).toMatchObject({ listed: 4, unchanged: 4, failed: 0 });
  });

  test('treats a suddenly empty library as one whose disk is missing', async () => {
    const bench = new Bench();
    const live = folderOf('1.mp3', '2.mp3');
    const library = named({ live, studio: folderOf('3.mp3') });
    await bench.run({ library });
    for (const name of ['1.mp3', '2.mp3']) rmSync(path.join(live, name));
    const summary = await bench.run({ library });
    expect(summary.files).toMatchObject({ removed: 0, unchanged: 1 });
    expect(summary.failures[0]?.message).toMatch(/Expected the 2 recordings that it had, found none/);
    expect((await bench.run({ library, allowEmpty: true })).files).toMatchObject({ removed: 2 });
  });

  test('accepts an additional library, and a removed or moved one only on request', async () => {
    const bench = new Bench();
    const [live, studio, third] = [folderOf('1.mp3'), folderOf('2.mp3'), folderOf('3.mp3')];
    await bench.run({ library: named({ live }) });
    await bench.run({ library: named({ live, studio }) });
    await bench.run({ library: named({ live, studio, third }) });
    expect(bench.catalog.libraryLocation).toBe(`live=file:${live}; studio=file:${studio}; third=file:${third}`);

    const less = bench.run({ library: named({ live, third }) });
    await expect(less).rejects.toEqual(
      fails(
        'config-invalid',
        /would count as removed: 1 of studio \(file:.*\)\. Name their library as before \(LIBRARY\)/,
      ),
    );
    const elsewhere = bench.run({ library: named({ live: third, studio, third }) });
    await expect(elsewhere).rejects.toEqual(fails('config-invalid', /1 of live/));
    await expect(bench.run()).rejects.toEqual(fails('config-invalid', /1 of live .*, 1 of studio .*, 1 of third/));
    expect(bench.catalog.counts().tracks.indexed).toBe(3);

    const replaced = await bench.run({ library: named({ live, third }), replaceLibrary: true });
    expect(replaced.files).toMatchObject({ removed: 1, unchanged: 2 });
  });

  test('names the one library of an older index only on request, and embeds nothing again', async () => {
    const bench = new Bench();
    bench.put('a.mp3', 'one');
    await bench.run();
    const library = named({ music: bench.music });
    await expect(bench.run({ library })).rejects.toEqual(fails('config-invalid', /this catalog holds file:/));
    const renamed = await bench.run({ library, replaceLibrary: true });
    expect(renamed.files).toMatchObject({ moved: 1, embedded: 0, removed: 0 });
    expect(Object.keys(bench.rows())).toEqual(['music/a.mp3']);
  });
});

describe('a folder and Azure', () => {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await Azurite.start();
  });
  afterAll(() => azurite[Symbol.asyncDispose]());

  test('are one library, and the folder is indexed when Azure is down', async () => {
    const container = await azurite.container('music');
    await container.getBlockBlobClient('far.mp3').upload('far', 3);
    const root = folderOf('near.mp3');
    const { library: azure } = azureLibrary('music', azurite.endpoint);
    const library = new Libraries([
      { name: 'near', library: new FolderLibrary(root) },
      { name: 'far', library: azure },
    ]);
    const bench = new Bench();
    expect((await bench.run({ library })).files).toMatchObject({ embedded: 2 });
    expect(Object.keys(bench.rows())).toEqual(['far/far.mp3', 'near/near.mp3']);
    await azurite.kill();
    writeFileSync(path.join(root, 'new.mp3'), 'new');
    const summary = await bench.run({ library });
    expect(summary.files).toMatchObject({ embedded: 1, unchanged: 1, removed: 0 });
    expect(summary.failures).toEqual([
      { key: 'far/', code: 'library-unavailable', message: expect.stringMatching(/azure:.*cannot be reached/) },
    ]);
    expect(Object.keys(bench.rows())).toEqual(['far/far.mp3', 'near/near.mp3', 'near/new.mp3']);
  });
});
