/** How a run treats the current generation: trusted, read, rebuilt, or kept after a roll-back. */
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { rollBack, spaceFolder } from '../../src/index/generation-folder.ts';
import { rebuildGeneration } from '../../src/indexing/update-generation.ts';
import { Bench } from './helpers.ts';

const never = new AbortController().signal;

async function indexed(keys: readonly string[]): Promise<Bench> {
  const bench = new Bench();
  for (const key of keys) bench.put(key, `sound of ${key}`);
  await bench.run();
  return bench;
}

function currentId({ indexDir }: Bench): string {
  return readFileSync(path.join(spaceFolder(indexDir, 'space-a'), 'CURRENT'), 'utf8').split('\n')[0] ?? '';
}

function shardOf(bench: Bench): string {
  return path.join(spaceFolder(bench.indexDir, 'space-a'), currentId(bench), 'shard-0.faiss');
}

/** Changes a value and restores the time, like a tool that preserves times. */
function damage(file: string): void {
  const { atime, mtime } = statSync(file);
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
}

function rebuild({ catalog, generations, indexDir }: Bench) {
  const lockPath = path.join(indexDir, 'index.lock');
  return rebuildGeneration({ catalog, generations, spaceId: 'space-a', signal: never, lockPath });
}

test('finds a generation that was damaged with its time unchanged, and rebuilds it', async () => {
  const bench = await indexed(['a.mp3', 'b.mp3']);
  expect((await bench.run()).generation).toEqual({ kind: 'unchanged' });
  damage(shardOf(bench));
  expect((await bench.run()).generation).toMatchObject({ kind: 'written' });
  expect((await bench.run()).generation).toEqual({ kind: 'unchanged' });
});

test('skips reading a generation that is known to be whole, unless every byte is to be checked', async () => {
  const bench = await indexed(['a.mp3', 'b.mp3']);
  damage(shardOf(bench));
  // A silently failing disk changes no time, so the record of checks is made to match.
  const { ino, mtimeNs, ctimeNs } = statSync(shardOf(bench), { bigint: true });
  const remembered = path.join(spaceFolder(bench.indexDir, 'space-a'), 'verified.json');
  const looks = JSON.parse(readFileSync(remembered, 'utf8'));
  Object.assign(looks[`${currentId(bench)}/shard-0.faiss`], {
    inode: String(ino),
    mtimeNs: String(mtimeNs),
    ctimeNs: String(ctimeNs),
  });
  writeFileSync(remembered, JSON.stringify(looks));
  expect((await bench.run()).generation).toEqual({ kind: 'unchanged' });
  expect(await rebuild(bench)).toMatchObject({ kind: 'written' });
  expect(await rebuild(bench)).toEqual({ kind: 'unchanged' });
});

test.each(['', 'not JSON', '{"a": 1}'])('reads everything again when its record of checks is %j', async (text) => {
  const bench = await indexed(['a.mp3']);
  writeFileSync(path.join(spaceFolder(bench.indexDir, 'space-a'), 'verified.json'), text);
  damage(shardOf(bench));
  expect((await bench.run()).generation).toMatchObject({ kind: 'written' });
});

test('stays at the generation of a roll-back until the library changes, and reports both', async () => {
  const bench = await indexed(['a.mp3']);
  const first = currentId(bench);
  bench.put('b.mp3', 'another');
  await bench.run();
  await rollBack(bench.indexDir, 'space-a');
  expect((await bench.run()).generation).toEqual({ kind: 'held', id: first });
  expect(await rebuild(bench)).toEqual({ kind: 'held', id: first });
  expect(currentId(bench)).toBe(first);

  bench.put('c.mp3', 'a third');
  expect((await bench.run()).generation).toMatchObject({ kind: 'written', endsRollBackTo: first });
  expect((await bench.run()).generation).toEqual({ kind: 'unchanged' });
});

test('does not stay at a damaged generation after a roll-back', async () => {
  const bench = await indexed(['a.mp3']);
  bench.put('b.mp3', 'another');
  await bench.run();
  await rollBack(bench.indexDir, 'space-a');
  damage(shardOf(bench));
  expect((await bench.run()).generation).toMatchObject({ kind: 'written' });
  const folder = spaceFolder(bench.indexDir, 'space-a');
  expect(readdirSync(folder)).toContain(currentId(bench));
});

test.each([
  ['is missing', null],
  ['names nothing', ''],
  ['names a generation that does not exist', '0123456789abcdef\n'],
  ['was torn', '0123456789ab'],
])('rebuilds the generation when CURRENT %s', async (_, text) => {
  const bench = await indexed(['a.mp3', 'b.mp3']);
  const id = currentId(bench);
  const file = path.join(spaceFolder(bench.indexDir, 'space-a'), 'CURRENT');
  writeFileSync(file, text ?? '');
  if (text === null) (await import('node:fs')).rmSync(file);
  expect((await bench.run()).generation).toMatchObject({ kind: 'written', id });
  expect(bench.embedded).toEqual([]);
  expect(currentId(bench)).toBe(id);
});
