import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ListedFile } from '../../src/library/library.ts';
import { azureLibrary, fails } from '../support/azure-library.ts';
import { Azurite } from '../support/azurite.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await Azurite.start();
});
afterAll(() => azurite[Symbol.asyncDispose]());

let made = 0;
/** A container with these blobs; the content of each is its name. */
async function containerOf(...names: string[]): Promise<string> {
  made += 1;
  const container = await azurite.container(`music-${made}`);
  for (const name of names) await container.getBlockBlobClient(name).upload(name, Buffer.byteLength(name));
  return container.containerName;
}

const libraryIn = (container: string, changes = {}) => azureLibrary(container, azurite.endpoint, changes);

async function keysIn(container: string, changes = {}): Promise<string[]> {
  return (await Array.fromAsync(libraryIn(container, changes).library.list())).map(({ key }) => key);
}

test('lists recordings at any depth, in code point order, and nothing else', async () => {
  const container = await containerOf(
    ...['b.mp3', 'B.FLAC', 'a/é.ogg', 'a/😀.ogg', 'a/！.ogg', 'a b.mp3', 'a/cover.jpg', 'list.m3u8', 'mp3'],
    ...['.hidden.mp3', 'a/.git/x.mp3', 'a//b.mp3', '/lead.mp3', 'x.mp3/'],
  );
  expect(await keysIn(container)).toEqual(['B.FLAC', 'a b.mp3', 'a/é.ogg', 'a/！.ogg', 'a/😀.ogg', 'b.mp3']);
});

test('lists page by page, only below its prefix', async () => {
  const names = Array.from({ length: 23 }, (_, at) => `live/${String(at).padStart(2, '0')}.mp3`);
  const container = await containerOf(...names, 'live.mp3', 'live2/x.mp3', 'studio/y.mp3');
  expect(await keysIn(`${container}/live`, { pageSize: 4 })).toEqual(names.map((name) => name.slice(5)));
  expect(await keysIn(container, { pageSize: 5 })).toHaveLength(26);
});

test('lists an empty container as an empty library, and reports a missing one', async () => {
  expect(await keysIn(await containerOf())).toEqual([]);
  await expect(keysIn('nowhere')).rejects.toEqual(
    fails('file-unreadable', /^Cannot list azure:\/\/devstoreaccount1\/nowhere: there is no such container$/),
  );
});

test('excludes the folders of a hierarchical namespace', async () => {
  const container = await containerOf('a/b.mp3');
  const client = azurite.service.getContainerClient(container);
  await client.getBlockBlobClient('folder.mp3').upload('', 0, { metadata: { hdi_isfolder: 'true' } });
  expect(await keysIn(container)).toEqual(['a/b.mp3']);
});

test('names recordings by metadata and tags, in any case and with letters that headers cannot hold', async () => {
  const container = await containerOf('plain.mp3');
  const client = azurite.service.getContainerClient(container);
  const put = (name: string, metadata: Record<string, string>, tags: Record<string, string> = {}) =>
    client.getBlockBlobClient(name).upload('x', 1, { metadata, tags });
  await put('a.mp3', { Title: 'Le%20Chasseur%20maudit', artist: 'C%C3%A9sar Franck', album: '100% live' });
  await put('b.mp3', { title: '' }, { title: 'From a tag', Artist: 'Somebody' });
  const listed = (await Array.fromAsync(libraryIn(container).library.list())) as ListedFile[];
  expect(listed.map(({ key, tags }) => [key, tags])).toEqual([
    ['a.mp3', { title: 'Le Chasseur maudit', artist: 'César Franck', album: '100% live' }],
    ['b.mp3', { title: 'From a tag', artist: 'Somebody', album: null }],
    ['plain.mp3', undefined],
  ]);
});

test('gives the same facts for a single recording as in the listing', async () => {
  const container = await containerOf('a/ü ?#%.mp3');
  const { library } = libraryIn(container);
  const [listed] = await Array.fromAsync(library.list());
  expect(listed).toMatchObject({ key: 'a/ü ?#%.mp3', etag: expect.stringMatching(/^0x/) });
  expect(await library.look('a/ü ?#%.mp3')).toEqual(listed);
  expect(await library.look('a/b.mp3')).toBeNull();
  expect((await Array.fromAsync(library.read('a/ü ?#%.mp3'))).join('')).toBe('a/ü ?#%.mp3');
});

test('takes a recording whole, hashed in passing, and leaves no file', async () => {
  const container = await containerOf();
  const bytes = Buffer.alloc(3_000_000, 'leitmotif');
  await azurite.service.getContainerClient(container).getBlockBlobClient('a.wav').upload(bytes, bytes.length);
  const { library, spoolDir } = libraryIn(container);
  const file = await library.look('a.wav');
  {
    await using taken = await library.take(file as ListedFile);
    expect(taken.contentSha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(readFileSync(taken.path).equals(bytes)).toBe(true);
  }
  expect(readdirSync(spoolDir)).toEqual([]);
});

test('refuses a blob that was replaced or deleted since the listing', async () => {
  const container = await containerOf('a.mp3', 'b.mp3');
  const { library, spoolDir } = libraryIn(container);
  const [a, b] = (await Array.fromAsync(library.list())) as [ListedFile, ListedFile];
  const client = azurite.service.getContainerClient(container);
  await client.getBlockBlobClient('a.mp3').upload('other', 5);
  await client.getBlockBlobClient('b.mp3').delete();
  await expect(library.take(a)).rejects.toEqual(fails('file-unreadable', /replaced or deleted meanwhile/));
  await expect(library.take(b)).rejects.toEqual(fails('file-unreadable', /(not there any more|deleted meanwhile)/));
  await expect(library.localFile('b.mp3')).rejects.toEqual(
    fails('file-unreadable', /(not there any more|deleted meanwhile)/),
  );
  expect(readdirSync(spoolDir)).toEqual([]);
});

test('refuses recordings over the size limit or the spool limit before it fetches them', async () => {
  const container = await containerOf('a-name-of-many-bytes.mp3');
  const small = libraryIn(container, { bytesMax: 10 }).library;
  await expect(small.localFile('a-name-of-many-bytes.mp3')).rejects.toEqual(fails('audio-too-large', /AUDIO_MAX_MB/));
  const tight = libraryIn(container, { spoolBytesMax: 10 }).library;
  await expect(tight.localFile('a-name-of-many-bytes.mp3')).rejects.toEqual(fails('audio-too-large', /SPOOL_MAX_MB/));
});
