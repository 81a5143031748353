/** A read-only index folder, mounted in a mount namespace of this test. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-read-only-'));
const index = path.join(folder, 'index');
const music = path.join(folder, 'music');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A container may not mount; the test is then skipped. */
const mayMount = (() => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '--bind', tmpdir(), tmpdir()], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(args: readonly string[], isProtected: boolean): Promise<Run> {
  const command = [process.execPath, path.join(projectRoot, 'src/cli.ts'), ...args];
  const mounted = ['-rm', 'sh', '-c', 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"', index];
  const [file = '', ...rest] = isProtected ? ['unshare', ...mounted, ...command] : command;
  const env = { ...process.env, INDEX_DIR: index };
  return new Promise((resolve) => {
    execFile(file, rest, { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  mkdirSync(music);
  for (const seed of [1, 2]) writePiece(path.join(music, `piece-${seed}.ogg`), seed, 22);
  expect((await cli(['index', music], false)).code).toBe(0);
});

test.runIf(mayMount)(
  'answers queries as before',
  async () => {
    const question = ['similar', path.join(music, 'piece-1.ogg'), '--json'];
    const ranked = ({ stdout }: Run) => JSON.parse(stdout).results;
    const before = ranked(await cli(question, false));
    const answered = await cli(question, true);
    expect(answered.stderr).toBe('');
    expect(ranked(answered)).toEqual(before);
  },
  120_000,
);

test.runIf(mayMount)(
  'refuses to write with a remedy',
  async () => {
    for (const args of [
      ['index', music],
      ['library', 'remove', 'piece-1.ogg'],
      ['library', 'rollback'],
    ]) {
      const { code, stderr } = await cli(args, true);
      expect(code, args.join(' ')).toBe(1);
      expect(stderr, args.join(' ')).toMatch(/writable|read-only/);
      expect(stderr).not.toMatch(/report this/);
    }
  },
  120_000,
);

test.runIf(mayMount)(
  'refuses to ignore changes that are still in a log',
  async () => {
    const log = path.join(index, 'catalog.sqlite-wal');
    writeFileSync(log, 'what a killed process left');
    const { code, stderr } = await cli(['similar', path.join(music, 'piece-1.ogg')], true);
    expect(code).toBe(1);
    expect(stderr).toMatch(/make the folder writable once/);
    rmSync(log);
    expect(readdirSync(index)).toContain('catalog.sqlite');
  },
  120_000,
);
