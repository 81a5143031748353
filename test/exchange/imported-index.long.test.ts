/** An imported index answers queries from the terminal, and an existing library is recognised. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';

let library: TestLibrary;
let exported: string;

beforeAll(async () => {
  library = await makeLibrary();
  exported = path.join(library.folder, 'index.parquet');
}, 120_000);
afterAll(() => library[Symbol.asyncDispose]());

async function cli(indexDir: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, INDEX_DIR: path.join(library.folder, indexDir) };
  const run = promisify(execFile)(process.execPath, [path.join(projectRoot, 'src/cli.ts'), ...args], { env });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

test('gives the same answer to the same query, and does not embed the library again', async () => {
  const out = await cli('index', 'library', 'export', exported);
  expect(out.stdout).toMatch(/^30 chunks of 6 tracks are in .*index\.parquet/);
  const into = await cli('elsewhere', 'library', 'import', exported);
  expect(into).toMatchObject({ code: 0 });
  expect(into.stdout).toMatch(/30 chunks read: 6 tracks imported, 0 unchanged\.\nGeneration \w+ is now in use/);
  const piece = path.join(library.music, 'piece-3.ogg');
  const [here, there] = [
    await cli('index', 'similar', piece, '--json'),
    await cli('elsewhere', 'similar', piece, '--json'),
  ];
  const names = (answer: string): string[] => JSON.parse(answer).results.map(({ key }: { key: string }) => key);
  expect(names(there.stdout)[0]).toBe('piece-3.ogg');
  expect(names(there.stdout)).toEqual(names(here.stdout));
  expect(JSON.parse(there.stdout).verdict).toMatchObject({ kind: 'this-is' });
  const indexed = await cli('elsewhere', 'index', library.music);
  expect(indexed.stdout).toMatch(/6 recordings listed, 6 with known content/);
  expect(indexed.stdout).toMatch(/The index is up to date/);
}, 120_000);

test('keeps a track without a file until it is removed on request', async () => {
  const file = path.join(library.folder, 'one.jsonl');
  const lines = await cli('index', 'library', 'export', path.join(library.folder, 'all.jsonl'));
  expect(lines.code).toBe(0);
  const rows = readFileSync(path.join(library.folder, 'all.jsonl'), 'utf8').trimEnd().split('\n');
  const foreign = rows.slice(0, 5).map((row) => {
    const { embedding, chunk_id } = JSON.parse(row);
    return JSON.stringify({ filename: 'FilePMLP22468.mp3', chunk_id, embedding });
  });
  writeFileSync(file, `${foreign.join('\n')}\n`);
  const refused = await cli('third', 'library', 'import', file);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/does not say which model .*EMBEDDING_MODEL=builtin, WINDOW_SEC=10.*--assume-model/);
  const taken = await cli('third', 'library', 'import', file, '--assume-model');
  expect(taken.stdout).toMatch(/5 chunks without times/);
  const indexed = await cli('third', 'index', library.music);
  expect(indexed.stdout).toMatch(/6 recordings listed, 6 embedded\./);
  using catalog = new Catalog(path.join(library.folder, 'third', 'catalog.sqlite'));
  expect(catalog.tracks.byKey('FilePMLP22468.mp3')).toMatchObject({ status: 'indexed', durationSec: 50 });
}, 120_000);

test('refuses vectors of a space that no local model makes, by name', async () => {
  const file = path.join(library.folder, 'unknown.jsonl');
  writeFileSync(file, `${JSON.stringify({ file_name: 'a', chunk_id: 0, embedding: [1, 0], space_id: 'made@up' })}\n`);
  const { code, stderr } = await cli('third', 'library', 'import', file);
  expect(code).toBe(1);
  expect(stderr).toMatch(/space made@up: no model here makes such/);
});
