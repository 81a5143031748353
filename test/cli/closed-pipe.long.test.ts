/** Output into a pipe whose reader has closed it, as `head` does. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-pipe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `{ leitmotif ARGS; } | READER` in a shell. @returns the exit code of leitmotif, its stderr, the reader's output */
function piped(args: string, reader: string) {
  const exit = path.join(folder, 'exit');
  const script = `{ "$NODE" src/cli.ts ${args}; echo $? > "$EXIT"; } | ${reader}`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, NODE: process.execPath, EXIT: exit },
      ...{ INDEX_DIR: path.join(folder, 'index'), MODELS_DIR: path.join(folder, 'models') },
    },
  });
  return { code: Number(readFileSync(exit, 'utf8')), stderr, stdout };
}

test.each([
  ['models list', 0],
  ['models list --json', 0],
  ['library status', 0],
  ['--help', 0],
  ['similar 2>&1', 1],
  ['similar no-such-file.mp3 2>&1', 1],
])('`%s` finishes with its own exit code when the pipe is closed before the output', (args, code) => {
  expect(piped(args, 'true')).toEqual({ code, stderr: '', stdout: '' });
});

test('`models list | head -1` prints one line and no error', () => {
  const { code, stderr, stdout } = piped('models list', 'head -1');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^\S.*\n$/);
});
