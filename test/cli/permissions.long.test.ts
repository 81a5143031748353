/** Folders that cannot be written are the operator's to fix: one sentence with the path, no stack and no call for a report. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toLeitmotifError } from '../../src/errors.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** Root may write everywhere: as root, the program runs as another user. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-permissions-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true });
});

function cli(args: readonly string[], indexDir: string): Promise<{ code: number | null; stderr: string }> {
  const env = { PATH: process.env.PATH, HOME: folder, INDEX_DIR: indexDir };
  const user = isRoot ? { uid: nobody, gid: nobody } : {};
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'src/cli.ts'), ...args], { env, cwd: root, ...user });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

function expectAdvice({ code, stderr }: { code: number | null; stderr: string }, place: string): void {
  expect(code).toBe(1);
  expect(stderr).toContain(place);
  expect(stderr).toMatch(/INDEX_DIR/);
  expect(stderr).not.toMatch(/Please report|\n\s+at /);
}

describe('an index folder that cannot be', () => {
  test('made is named', async () => {
    chmodSync(folder, 0o555);
    const indexDir = path.join(folder, 'new');
    expectAdvice(await cli(['library', 'status'], indexDir), indexDir);
  });

  test('written is named', async () => {
    const indexDir = path.join(folder, 'index');
    mkdirSync(indexDir, { mode: 0o555 });
    expectAdvice(await cli(['library', 'status'], indexDir), indexDir);
    chmodSync(indexDir, 0o755);
  });

  test('written below, after a run with sudo, is named', async () => {
    const [indexDir, library] = [path.join(folder, 'index'), path.join(folder, 'music')];
    const generations = path.join(indexDir, 'spool');
    mkdirSync(generations, { recursive: true, mode: 0o755 });
    mkdirSync(library, { mode: 0o755 });
    writeFileSync(path.join(library, 'not-music.mp3'), 'x');
    if (isRoot) chownSync(indexDir, nobody, nobody);
    chmodSync(generations, 0o555);
    const backup = path.join(indexDir, 'no.sqlite');
    writeFileSync(backup, 'x');
    const { code, stderr } = await cli(['library', 'backup', path.join(indexDir, 'backups')], indexDir);
    chmodSync(generations, 0o755);
    expectAdvice({ code, stderr }, generations);
  });
});

test.each([
  ['EACCES', 'permission denied'],
  ['EPERM', 'not permitted'],
  ['EROFS', 'the file system is read-only'],
])('%s says "%s", the place and what to do', (code, words) => {
  const error = Object.assign(new Error(`${code}: refused, rename`), {
    ...{ code, syscall: 'rename', path: '/index/a.partial', dest: '/index/a' },
  });
  const known = toLeitmotifError(error);
  expect(known.code).toBe('permission-denied');
  expect(known.message).toContain(`Cannot use /index/a: ${words} (${code}, rename)`);
});
