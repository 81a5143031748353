/** The examples of docs/api.md run as they stand there, but for the port. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';
import { makeWeb, type TestWeb } from './running-web.ts';

const run = promisify(execFile);
const page = readFileSync(path.join(projectRoot, 'docs/api.md'), 'utf8');
let library: TestLibrary;
let web: TestWeb;
let folder: string;

beforeAll(async () => {
  library = await makeLibrary();
  web = await makeWeb(library);
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-examples-'));
  copyFileSync(path.join(library.music, 'below/piece-6.mp3'), path.join(folder, 'piece.mp3'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

function example(language: string): string {
  const [, code = ''] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  expect(code).toContain('http://127.0.0.1:8700');
  return code.replaceAll('http://127.0.0.1:8700', web.url);
}

async function has(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    () => true,
    () => false,
  );
}

test('the example with curl gives the answer, the picture and the clip', async ({ skip }) => {
  if (!(await has('curl'))) skip('curl is not installed');
  const PATH = `${path.dirname(process.execPath)}:${process.env.PATH}`;
  await run('sh', ['-e', '-c', example('sh')], { cwd: folder, env: { ...process.env, PATH } });
  const { answer } = JSON.parse(readFileSync(path.join(folder, 'answer.json'), 'utf8'));
  expect(answer.verdict.kind).toBe('this-is');
  expect(answer.results.length).toBe(5);
  expect(readFileSync(path.join(folder, 'events.txt'), 'utf8')).toContain('"state":"done"');
  expect(readFileSync(path.join(folder, 'picture.png')).subarray(1, 4).toString()).toBe('PNG');
  expect(readFileSync(path.join(folder, 'both.mp3')).length).toBeGreaterThan(100_000);
});

test('the example in Python prints three results', async ({ skip }) => {
  if (!(await has('python3'))) skip('Python is not installed');
  const { stdout } = await run('python3', ['-c', example('python')], { cwd: folder });
  expect(stdout.trim().split('\n').length).toBe(3);
  expect(stdout).toMatch(/^1 \S+ /);
});

test('the example in TypeScript prints events and the verdict', async () => {
  writeFileSync(path.join(folder, 'example.mts'), example('ts'));
  const { stdout } = await run(process.execPath, ['example.mts'], { cwd: folder });
  expect(stdout).toContain('event: state');
  expect(stdout.trim().split('\n').at(-1)).toMatch(/A Titled Piece/);
});
