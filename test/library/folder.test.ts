import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { excludeKeys } from '../../src/library/exclude-keys.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Listed } from '../../src/library/library.ts';

function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'leitmotif-test-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder with these files; the content of each is its name. */
function folderOf(...keys: string[]): string {
  const root = tempFolder();
  for (const key of keys) put(root, key);
  return root;
}

function put(root: string, key: string): void {
  mkdirSync(path.dirname(path.join(root, key)), { recursive: true });
  writeFileSync(path.join(root, key), key);
}

async function list(root: string): Promise<Listed[]> {
  return await Array.fromAsync(new FolderLibrary(root).list());
}

async function keysOf(root: string): Promise<string[]> {
  return (await list(root)).map(({ key }) => key);
}

function problem(key: string, message: RegExp) {
  return { type: 'problem', key, code: 'file-unreadable', message: expect.stringMatching(message) };
}

test('lists recordings at any depth, and nothing else', async () => {
  const root = folderOf('a.mp3', 'B.FLAC', 'disc 1/x.ogg', 'disc 1/cover.jpg', 'disc 1/deep/er/y.webm', 'list.m3u8');
  put(root, 'README');
  put(root, 'mp3');
  put(root, '.hidden.mp3');
  put(root, '.git/z.mp3');
  put(root, 'song.mid');
  mkdirSync(path.join(root, 'empty'));
  expect(await keysOf(root)).toEqual(['B.FLAC', 'a.mp3', 'disc 1/deep/er/y.webm', 'disc 1/x.ogg']);
});

test('gives size and time of each, so that a change is detected', async () => {
  const root = folderOf('a.mp3');
  utimesSync(path.join(root, 'a.mp3'), 1000, 2000.5);
  const expected = { type: 'file', key: 'a.mp3', sizeBytes: 5, mtimeMs: 2_000_500, etag: null };
  expect(await list(root)).toEqual([expected]);
  const library = new FolderLibrary(root);
  expect(await library.look('a.mp3')).toEqual(expected);
  expect(await library.look('b.mp3')).toBeNull();
});

test('keeps names with quotes, line breaks, emoji and spaces', async () => {
  const names = [
    `it's "this".mp3`,
    'two\nlines.mp3',
    '🎵 é.mp3',
    ' .mp3',
    '$(touch x);`y`.mp3',
    '%41\\x.mp3',
    '-i.mp3',
  ];
  const root = folderOf(...names);
  expect((await keysOf(root)).toSorted()).toEqual(names.toSorted());
  const library = new FolderLibrary(root);
  for (const name of names) expect((await Array.fromAsync(library.read(name))).join('')).toBe(name);
});

test('orders keys by code point whatever the folders are called', async () => {
  const letters = fc.constantFrom('a', 'b', ' ', '-', '0', 'é', '😀', '！', '~');
  const key = fc
    .array(fc.string({ unit: letters, minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 })
    .map((parts) => `${parts.join('/')}.mp3`);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { maxLength: 12 }), async (keys) => {
      const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'leitmotif-test-')));
      try {
        for (const each of keys) put(root, each);
        const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await keysOf(root)).toEqual(byBytes);
      } finally {
        rmSync(root, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

test('follows links to recordings within the folder, and reports links to outside and broken ones', async () => {
  const outside = folderOf('secret.mp3');
  const root = folderOf('a.mp3', 'objects/data');
  symlinkSync('a.mp3', path.join(root, 'link.mp3'));
  symlinkSync('objects/data', path.join(root, 'annexed.mp3'));
  symlinkSync(path.join(outside, 'secret.mp3'), path.join(root, 'out.mp3'));
  symlinkSync('nowhere.mp3', path.join(root, 'dangling.mp3'));
  symlinkSync('round.mp3', path.join(root, 'round.mp3'));
  symlinkSync('nowhere', path.join(root, 'not a recording'));
  const listed = await list(root);
  expect(listed.filter(({ type }) => type === 'file').map(({ key }) => key)).toEqual([
    'a.mp3',
    'annexed.mp3',
    'link.mp3',
  ]);
  expect(listed.filter(({ type }) => type === 'problem')).toEqual([
    problem('dangling.mp3', /leads nowhere/),
    problem('out.mp3', /leads out of the library/),
    problem('round.mp3', /circle/),
  ]);
});

test('never follows a link to a folder: no loops, nothing twice, nothing from outside', async () => {
  const outside = folderOf('secret.mp3');
  const root = folderOf('disc/a.mp3');
  symlinkSync('..', path.join(root, 'disc', 'up'));
  symlinkSync('disc', path.join(root, 'again'));
  symlinkSync(outside, path.join(root, 'elsewhere'));
  expect(await list(root)).toEqual([
    expect.objectContaining({ key: 'disc/a.mp3' }),
    problem('elsewhere/', /leads out of the library/),
  ]);
});

test('lists a folder that is itself reached through a link', async () => {
  const root = folderOf('a.mp3');
  const link = path.join(tempFolder(), 'music');
  symlinkSync(root, link);
  expect(await keysOf(link)).toEqual(['a.mp3']);
});

test('treats a folder named like a recording as a folder, and reports a named pipe', async () => {
  const root = folderOf('x.mp3/inner.ogg');
  execFileSync('mkfifo', [path.join(root, 'pipe.mp3')]);
  expect(await list(root)).toEqual([
    problem('pipe.mp3', /expected a file/),
    expect.objectContaining({ type: 'file', key: 'x.mp3/inner.ogg' }),
  ]);
});

test('reports names that are not UTF-8, of files and folders, in readable letters', async () => {
  const root = folderOf('good.mp3');
  const bad = Buffer.concat([Buffer.from(`${root}/b`), Buffer.from([0xff]), Buffer.from('d.mp3')]);
  const badFolder = Buffer.concat([Buffer.from(`${root}/f`), Buffer.from([0xfe])]);
  try {
    writeFileSync(bad, 'x');
  } catch {
    // A file system that refuses such names (APFS) has nothing to report.
    return;
  }
  mkdirSync(badFolder);
  expect(await list(root)).toEqual([
    problem('b\\xffd.mp3', /not UTF-8/),
    problem('f\\xfe/', /not UTF-8/),
    expect.objectContaining({ key: 'good.mp3' }),
  ]);
});

// Root may read everything, so the test cannot run as root.
test.skipIf(process.getuid?.() === 0)('reports an unreadable folder, and lists the rest', async () => {
  const root = folderOf('a.mp3', 'closed/b.mp3');
  chmodSync(path.join(root, 'closed'), 0);
  onTestFinished(() => chmodSync(path.join(root, 'closed'), 0o700));
  expect(await list(root)).toEqual([expect.objectContaining({ key: 'a.mp3' }), problem('closed/', /not permitted/)]);
});

test('reports when the folder itself is missing or is a file', async () => {
  const root = folderOf('a.mp3');
  const fails = (message: RegExp) =>
    expect.objectContaining({ code: 'file-unreadable', message: expect.stringMatching(message) });
  await expect(list(path.join(root, 'nothing'))).rejects.toEqual(fails(/there is no such folder/));
  await expect(list(path.join(root, 'a.mp3'))).rejects.toEqual(fails(/expected a folder/));
});

test('excludes the given folders', async () => {
  const root = folderOf('a.mp3', 'b.mp3');
  const library = excludeKeys(new FolderLibrary(root), (key) => key === 'a.mp3');
  expect((await Array.fromAsync(library.list({}))).map(({ key }) => key)).toEqual(['b.mp3']);
});

test('opens nothing outside, whatever the key', async () => {
  const library = new FolderLibrary(folderOf('a.mp3', '..b/c.mp3'));
  for (const key of ['../a.mp3', 'x/../../a.mp3', '', '.', '..', 'a\0.mp3']) {
    await expect(library.localFile(key)).rejects.toThrow(/not below/);
    expect(() => library.read(key)).toThrow(/not below/);
  }
  expect((await library.localFile('..b/c.mp3')).path).toMatch(/\.\.b\/c\.mp3$/);
});

test('stops on abort', async () => {
  const root = folderOf(...Array.from({ length: 200 }, (_, at) => `${at}/a.mp3`));
  const stop = new AbortController();
  const listing = new FolderLibrary(root).list({ signal: stop.signal });
  const read = async () => {
    for await (const _ of listing) stop.abort();
  };
  await expect(read()).rejects.toThrow(/abort/i);
});
