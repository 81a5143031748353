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

test('indexes LIBRARY by default, and reports the estimated and stored clips', async () => {
  const { code, stdout, stderr } = await cli(['index']);
  expect(stderr).toMatch(/Clips to store in file:.*clips: about \d+, [\d.]+ [kM]B\n/);
  expect(stdout).toMatch(/2 recordings listed, 2 embedded/);
  expect(stdout).toMatch(/Stored 8 clips of 2 recordings, 1\.3 MB\./);
  expect(code).toBe(0);
  expect(readdirSync(path.join(folder, 'clips'))).toHaveLength(2);
});

test('shows both libraries and the clips in the status', async () => {
  const { stdout } = await cli(['library', 'status'], { EMBEDDING_DEVICE: 'cpu' });
  expect(stdout).toMatch(/near=file:.*far=azure:\/\/devstoreaccount1\/music|far=azure:.*near=file:/s);
  expect(stdout).toMatch(/8 of 2 recordings, 1\.3 MB in file:/);
});

test('accepts places in the form of LIBRARY', async () => {
  const typed = [`far=azure://devstoreaccount1/music`, `near=file:${near}`];
  const { stdout } = await cli(['index', ...typed], { LIBRARY: '' });
  expect(stdout).toMatch(/2 recordings listed, 2 unchanged/);
});

test('finds a track in Azure and cuts its clip', async () => {
  const clips = path.join(folder, 'heard');
  const args = ['similar', path.join(folder, 'piece-2.ogg'), '--json', '--top', '1', '--clips', clips];
  for (const changes of [{}, { CLIPS: '' }]) {
    const { stdout } = await cli(args, changes);
    expect(JSON.parse(stdout).results[0]).toMatchObject({ key: 'far/piece-2.ogg' });
    expect(readdirSync(clips).filter((name) => name.endsWith('.mp3'))).toHaveLength(3);
    rmSync(clips, { recursive: true });
  }
});

test('removes a library and its clips only on request', async () => {
  const without = { LIBRARY: `near=file:${near}` };
  const { code, stderr } = await cli(['index'], without);
  expect(code).toBe(1);
  expect(stderr).toMatch(/would count as removed: 1 of far \(azure:\/\/devstoreaccount1\/music\)/);
  const { stdout } = await cli(['index', '--replace-library'], without);
  expect(stdout).toMatch(/1 unchanged, 1 removed/);
  expect(stdout).toMatch(/Deleted the clips of 1 recording/);
  expect(readdirSync(path.join(folder, 'clips'))).toHaveLength(1);
});

test('removes the clips of a removed track at once', async () => {
  const { stdout } = await cli(['library', 'remove', 'near/piece-1.ogg']);
  expect(stdout).toMatch(/Deleted the stored clips of 1 recording/);
  expect(readdirSync(path.join(folder, 'clips'))).toHaveLength(0);
});

test('explains what to do without a library', async () => {
  const { code, stderr } = await cli(['index'], { LIBRARY: '', CLIPS: '', INDEX_DIR: path.join(folder, 'none') });
  expect(code).toBe(1);
  expect(stderr).toMatch(/set LIBRARY, or give a folder/);
});

test('reports a wrong key in one line, without the key', async () => {
  const wrong = { AZURE_STORAGE_KEY: 'd3Jvbmc=', LIBRARY: 'azure://devstoreaccount1/music' };
  const { code, stderr } = await cli(['index'], { ...wrong, INDEX_DIR: path.join(folder, 'wrong') });
  expect(code).toBe(1);
  expect(stderr).toMatch(/Cannot list azure:\/\/devstoreaccount1\/music: AZURE_STORAGE_KEY is not accepted/);
  expect(stderr).not.toContain('d3Jvbmc=');
});
