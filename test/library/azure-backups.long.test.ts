/** Backups in Azure: stored, fetched, listed and pruned, with faults on the way, and from the terminal. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { parseAzure } from '../../src/config/library-location.ts';
import { AzureBackups } from '../../src/library/azure/backups.ts';
import { AzureAccounts } from '../../src/library/azure/client.ts';
import { factsOf, recordingOf, tempFolder } from '../catalog/helpers.ts';
import { fails, impatient, noAccess } from '../support/azure-library.ts';
import { AzureProxy } from '../support/azure-proxy.ts';
import { Azurite, emulator } from '../support/azurite.ts';
import { projectRoot } from '../support/library.ts';

const never = new AbortController().signal;
const options = { signal: never };
let azurite: Azurite;
let proxy: AzureProxy;

beforeAll(async () => {
  azurite = await Azurite.start();
  await azurite.container('safe');
  proxy = await AzureProxy.start(azurite.port);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
});

function backups(place: string): AzureBackups {
  const settings = { ...noAccess, endpoint: proxy.endpoint, key: emulator.key };
  const accounts = new AzureAccounts(settings, new Set([emulator.account]));
  return new AzureBackups(parseAzure(`azure://${emulator.account}/${place}`), accounts, impatient);
}

/** A file of two blocks and a bit, transferred in three parts. */
function bigFile(): { readonly file: string; readonly bytes: Buffer } {
  const file = path.join(tempFolder(), 'big');
  const bytes = randomBytes(2 * 8 * 1024 * 1024 + 1234);
  writeFileSync(file, bytes);
  return { file, bytes };
}

test('stores, lists, fetches and removes backups, byte for byte', async () => {
  const store = backups('safe/one');
  const { file, bytes } = bigFile();
  await store.put('b', file, options);
  await store.put('a', file, options);
  expect((await store.files(options)).map(({ name }) => name)).toEqual(['a', 'b']);
  const to = path.join(tempFolder(), 'down');
  await store.fetch('b', to, options);
  expect(readFileSync(to).equals(bytes)).toBe(true);
  await store.remove('b', options);
  await store.remove('b', options);
  expect((await store.files(options)).map(({ name }) => name)).toEqual(['a']);
});

test('retries only the block that failed, up and down', async () => {
  const store = backups('safe/two');
  const { file, bytes } = bigFile();
  const failed = new Set<string>();
  proxy.requests.length = 0;
  proxy.intervene = ({ method, url }) => {
    const isBlock = url.searchParams.get('comp') === 'block' || method === 'GET';
    const name = `${method} ${url.searchParams.get('blockid')}`;
    if (!isBlock || failed.has(name)) return null;
    failed.add(name);
    return method === 'GET' ? { cutAfter: 100_000 } : { answer: { status: 503, code: 'ServerBusy' } };
  };
  try {
    await store.put('a', file, options);
    const puts = proxy.requests.filter((request) => request.includes('comp=block&') || /comp=block$/.test(request));
    expect(puts).toHaveLength(6);
    const to = path.join(tempFolder(), 'down');
    await store.fetch('a', to, options);
    expect(readFileSync(to).equals(bytes)).toBe(true);
  } finally {
    proxy.intervene = () => null;
  }
});

test('refuses a backup that is missing or was changed in Azure', async () => {
  const store = backups('safe/three');
  const { file } = bigFile();
  const to = path.join(tempFolder(), 'down');
  await expect(store.fetch('a', to, options)).rejects.toEqual(fails('file-unreadable', /safe\/three\/a/));
  await store.put('a', file, options);
  const blob = azurite.service.getContainerClient('safe').getBlockBlobClient('three/a');
  const { metadata = {} } = await blob.getProperties();
  await blob.upload('something else', 14, { metadata });
  await expect(store.fetch('a', to, options)).rejects.toEqual(fails('file-unreadable', /damaged: expected sha256/));
});

test('names a missing container, and reports a wrong key', async () => {
  const { file } = bigFile();
  await expect(backups('nowhere').put('a', file, options)).rejects.toEqual(fails('file-unreadable', /nowhere/));
  const accounts = new AzureAccounts(
    { ...noAccess, endpoint: proxy.endpoint, key: Buffer.from('wrong').toString('base64') },
    new Set([emulator.account]),
  );
  const store = new AzureBackups(parseAzure(`azure://${emulator.account}/safe`), accounts, impatient);
  await expect(store.files(options)).rejects.toEqual(fails('library-forbidden', /AZURE_STORAGE_KEY/));
});

test('backs up, lists, prunes and restores from the terminal', async () => {
  const folder = tempFolder();
  mkdirSync(path.join(folder, 'index'));
  const catalogPath = path.join(folder, 'index', 'catalog.sqlite');
  const put = (key: string) => {
    using catalog = new Catalog(catalogPath);
    catalog.embeddings.put(factsOf(key), recordingOf(['music'], { dimensions: 8 }));
  };
  const keys = () => {
    using catalog = new Catalog(catalogPath);
    return [...catalog.tracks.known('space-a').keys()];
  };
  const place = `azure://${emulator.account}/safe/terminal`;
  const cli = (...args: string[]) => {
    const env = { ...process.env, ...azurite.environment, INDEX_DIR: path.join(folder, 'index'), BACKUPS: place };
    return promisify(execFile)(process.execPath, [path.join(projectRoot, 'src/cli.ts'), 'library', ...args], { env });
  };
  put('a.mp3');
  const { stdout } = await cli('backup');
  expect(stdout).toMatch(/^Backed up 1 track to azure:\/\/devstoreaccount1\/safe\/terminal\/catalog-.*\.sqlite, /);
  put('b.mp3');
  const second = await cli('backup', '--keep', '1');
  expect(second.stdout).toMatch(/Removed an older backup: catalog-/);
  const name = /(catalog-\S+\.sqlite),/.exec(second.stdout)?.[1] ?? '';
  expect((await cli('backups')).stdout).toBe(`${name}\n1 backup in ${place}, newest last.\n`);
  put('c.mp3');
  expect((await cli('restore', name)).stdout).toMatch(/The catalog has 2 tracks now/);
  expect(keys()).toEqual(['a.mp3', 'b.mp3']);
  put('d.mp3');
  await cli('restore', `${place}/${name}`);
  expect(keys()).toEqual(['a.mp3', 'b.mp3']);
  expect(existsSync(path.join(folder, 'index', 'spool', 'backups'))).toBe(true);
  await expect(cli('restore', 'catalog-none.sqlite')).rejects.toMatchObject({
    stderr: expect.stringMatching(/terminal\/catalog-none\.sqlite/),
  });
}, 60_000);
