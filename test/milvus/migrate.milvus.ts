/** A library that moves between FAISS and Milvus: the same answers, without embedding. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, makeLibrary, never, projectRoot, type TestLibrary } from '../support/library.ts';
import { skipWithout } from './started.ts';

skipWithout();
let library: TestLibrary;
beforeAll(async () => {
  library = await makeLibrary();
});
afterAll(() => library[Symbol.asyncDispose]());

const milvus = () => process.env.VECTOR_INDEX ?? '';

async function cli(args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, INDEX_DIR: library.indexDir, ...environment };
  const entry = path.join(projectRoot, 'src/cli.ts');
  return (await promisify(execFile)(process.execPath, [entry, 'library', ...args], { env })).stdout;
}

async function answers(environment: Record<string, string>) {
  const app = await library.open(environment);
  const all = [];
  for (const name of ['piece-1.ogg', 'piece-4.ogg', 'below/piece-6.mp3']) {
    const { timingsMs: _, generation, ...answer } = await ask(app, path.join(library.music, name));
    all.push({ generation, answer });
  }
  return all;
}

test('answers equally with both engines, and moves from one to the other and back', async () => {
  const inMilvus = await answers({});
  const status = await cli(['status']);
  expect(status).toMatch(/vectors .*Milvus at 127\.0\.0\.1:\d+, version .*: \d+ rows, FLAT \(exact\)/);
  const moved = await cli(['migrate', '--to', 'faiss']);
  expect(moved).toMatch(/Generation \S+ is in use, \d+ chunks, written in[\s\S]*Set VECTOR_INDEX=faiss in \.env/);
  const inFaiss = await answers({ VECTOR_INDEX: 'faiss' });
  expect(inFaiss.map(({ answer }) => answer)).toEqual(inMilvus.map(({ answer }) => answer));
  expect(inFaiss[0]?.generation).not.toBe(inMilvus[0]?.generation);
  expect(await cli(['status'], { VECTOR_INDEX: 'faiss' })).not.toMatch(/vectors/);

  const back = await cli(['migrate', '--to', milvus()]);
  expect(back).toMatch(/Generation \S+ is in use/);
  expect(await cli(['migrate', '--to', milvus()])).toMatch(/The index is there already/);
  expect(await cli(['verify'])).toBe('No problems found.\n');
  const again = await answers({});
  expect(again.map(({ answer }) => answer)).toEqual(inMilvus.map(({ answer }) => answer));

  await cli(['rollback']);
  const rolledBack = await answers({});
  expect(rolledBack.map(({ answer }) => answer)).toEqual(inMilvus.map(({ answer }) => answer));
  expect(rolledBack[0]?.generation).toBe(inFaiss[0]?.generation);
});

test('comes back from the catalog when its folder or its collections are gone', async () => {
  const before = await answers({});
  rmSync(path.join(library.indexDir, 'generations'), { recursive: true });
  const app = await library.open();
  expect((await app.generations.rebuild(never)).kind).toBe('written');
  expect((await answers({})).map(({ answer }) => answer)).toEqual(before.map(({ answer }) => answer));
  expect(await cli(['tidy'])).toMatch(/Removed unused generations and unfinished files: \d+/);
  expect(await cli(['verify', '--deep'])).toBe('No problems found in any vector or recording.\n');
});
