/** Several libraries from the command line, one of them in Azurite. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Azurite } from '../support/azurite.ts';
import { projectRoot } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-libraries-'));
const near = path.join(folder, 'near');
let azurite: Azurite;
let environment: Record<string, string>;

function cli(args: readonly string[], changes: Record<string, string> = {}) {
  const env = { ...process.env, INDEX_DIR: path.join(folder, 'index'), ...environment, ...changes };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [path.join(projectRoot, 'src/cli.ts'), ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  azurite = await Azurite.start();
  mkdirSync(near);
  writePiece(path.join(near, 'piece-1.ogg'), 1, 32);
  const far = path.join(folder, 'piece-2.ogg');
  writePiece(far, 2, 32);
  await (await azurite.container('music')).getBlockBlobClient('piece-2.ogg').uploadFile(far);
  environment = {
    ...azurite.environment,
    LIBRARY: `near=file:${near}; far=azure://devstoreaccount1/music`,
    CLIPS: `file:${path.join(folder, 'clips')}`,
  };
});
afterAll(async () => {
  await azurite[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test('without a folder, index takes what LIBRARY names, and says what clips will cost and did', async () => {
  const { code, stdout, stderr } = await cli(['index']);
  expect(stderr).toMatch(/Clips to store in file:.*clips: about \d+, [\d.]+ [kM]B\n/);
  expect(stdout).toMatch(/2 recordings listed, 2 embedded/);
  expect(stdout).toMatch(/Stored 8 clips of 2 recordings, 1\.3 MB\./);
  expect(code).toBe(0);
  expect(readdirSync(path.join(folder, 'clips'))).toHaveLength(2);
});

test('the status names both, and the clips', async () => {
  const { stdout } = await cli(['library', 'status'], { EMBEDDING_DEVICE: 'cpu' });
  expect(stdout).toMatch(/near=file:.*far=azure:\/\/devstoreaccount1\/music|far=azure:.*near=file:/s);
  expect(stdout).toMatch(/8 of 2 recordings, 1\.3 MB in file:/);
});

test('places can be typed as LIBRARY has them', async () => {
  const typed = [`far=azure://devstoreaccount1/music`, `near=file:${near}`];
  const { stdout } = await cli(['index', ...typed], { LIBRARY: '' });
  expect(stdout).toMatch(/2 recordings listed, 2 unchanged/);
});

test('a piece that lies in Azure is found and heard, from its part of the library', async () => {
  const clips = path.join(folder, 'heard');
  const args = ['similar', path.join(folder, 'piece-2.ogg'), '--json', '--top', '1', '--clips', clips];
  for (const changes of [{}, { CLIPS: '' }]) {
    const { stdout } = await cli(args, changes);
    expect(JSON.parse(stdout).results[0]).toMatchObject({ key: 'far/piece-2.ogg' });
    expect(readdirSync(clips).filter((name) => name.endsWith('.mp3'))).toHaveLength(3);
    rmSync(clips, { recursive: true });
  }
});

test('taking a library away needs a word, and its clips go with it', async () => {
  const without = { LIBRARY: `near=file:${near}` };
  const { code, stderr } = await cli(['index'], without);
  expect(code).toBe(1);
  expect(stderr).toMatch(/would count as removed: 1 of far \(azure:\/\/devstoreaccount1\/music\)/);
  const { stdout } = await cli(['index', '--replace-library'], without);
  expect(stdout).toMatch(/1 unchanged, 1 gone/);
  expect(stdout).toMatch(/Deleted the clips of 1 recording/);
  expect(readdirSync(path.join(folder, 'clips'))).toHaveLength(1);
});

test('removing a piece removes its clips at once', async () => {
  const { stdout } = await cli(['library', 'remove', 'near/piece-1.ogg']);
  expect(stdout).toMatch(/Deleted the stored clips of 1 recording/);
  expect(readdirSync(path.join(folder, 'clips'))).toHaveLength(0);
});

test('no library is named: says what to do', async () => {
  const { code, stderr } = await cli(['index'], { LIBRARY: '', CLIPS: '', INDEX_DIR: path.join(folder, 'none') });
  expect(code).toBe(1);
  expect(stderr).toMatch(/set LIBRARY, or name a folder/);
});

test('a key that does not fit is said to, in one line and without it', async () => {
  const wrong = { AZURE_STORAGE_KEY: 'd3Jvbmc=', LIBRARY: 'azure://devstoreaccount1/music' };
  const { code, stderr } = await cli(['index'], { ...wrong, INDEX_DIR: path.join(folder, 'wrong') });
  expect(code).toBe(1);
  expect(stderr).toMatch(/Cannot list azure:\/\/devstoreaccount1\/music: AZURE_STORAGE_KEY is not accepted/);
  expect(stderr).not.toContain('d3Jvbmc=');
});
