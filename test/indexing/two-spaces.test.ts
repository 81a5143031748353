/** One library in the spaces of two models: the cost of switching, and what it leaves unchanged. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Embed } from '../../src/indexing/index-track.ts';
import { Bench, embedBytes } from './helpers.ts';

/** Every file of the generations, with its time of change and its content. */
function generationFiles(bench: Bench): Record<string, string> {
  const root = path.join(bench.indexDir, 'generations');
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(root, file), `${statSync(file).mtimeMs} ${readFileSync(file, 'base64')}`];
    }),
  );
}

function inSpace(bench: Bench, spaceId: string, dimensions: number) {
  const embed: Embed = async (file) => {
    bench.embedded.push(path.relative(bench.music, file));
    return embedBytes(readFileSync(file), spaceId, dimensions);
  };
  return bench.run({ spaceId, embed });
}

function openBench(): Bench {
  const bench = new Bench();
  for (const name of ['a.ogg', 'b.ogg', 'c.ogg']) bench.put(name, `sound of ${name}`);
  return bench;
}

test("embeds and builds each space once, and leaves the other's files unchanged", async () => {
  const bench = openBench();
  const one = await inSpace(bench, 'space-one', 8);
  const before = generationFiles(bench);
  const two = await inSpace(bench, 'space-two', 4);
  expect([one, two].map(({ files }) => files.embedded)).toEqual([3, 3]);
  expect([one, two].map(({ generation }) => generation.kind)).toEqual(['written', 'written']);
  expect(generationFiles(bench)).toMatchObject(before);
  expect(readdirSync(path.join(bench.indexDir, 'generations'))).toHaveLength(2);
});

test('embeds and builds nothing when switching back, and uses the same generation', async () => {
  const bench = openBench();
  const one = await inSpace(bench, 'space-one', 8);
  await inSpace(bench, 'space-two', 4);
  const before = generationFiles(bench);
  const again = await inSpace(bench, 'space-one', 8);
  expect(bench.embedded).toEqual([]);
  expect(again.files).toMatchObject({ unchanged: 3, embedded: 0, reused: 0 });
  expect(again.generation).toEqual({ kind: 'unchanged' });
  expect((await bench.generations.current('space-one'))?.id).toBe(
    one.generation.kind === 'written' && one.generation.id,
  );
  expect(generationFiles(bench)).toEqual(before);
});

test('embeds what changed under the other model when its turn comes, and only that', async () => {
  const bench = openBench();
  await inSpace(bench, 'space-one', 8);
  await inSpace(bench, 'space-two', 4);
  bench.put('b.ogg', 'another sound of b.ogg');
  bench.put('d.ogg', 'sound of d.ogg');
  await inSpace(bench, 'space-two', 4);
  expect(bench.embedded.sort()).toEqual(['b.ogg', 'd.ogg']);
  const back = await inSpace(bench, 'space-one', 8);
  expect(bench.embedded.sort()).toEqual(['b.ogg', 'd.ogg']);
  expect(back.generation.kind).toBe('written');
  expect(Object.keys(bench.rows('space-one'))).toEqual(Object.keys(bench.rows('space-two')));
});

test('prunes older generations within a space, and never those of another', async () => {
  const bench = openBench();
  const one = await inSpace(bench, 'space-one', 8);
  for (const content of ['first', 'second', 'third', 'fourth']) {
    bench.put('a.ogg', content);
    await inSpace(bench, 'space-two', 4);
  }
  expect((await bench.generations.current('space-one'))?.id).toBe(
    one.generation.kind === 'written' && one.generation.id,
  );
});

test('keeps a recording for one model when the other fails on it', async () => {
  const bench = openBench();
  await inSpace(bench, 'space-one', 8);
  const before = bench.rows('space-one');
  const embed: Embed = async (file) =>
    embedBytes(Buffer.concat([Buffer.from('inference-failed '), readFileSync(file)]));
  const failed = await bench.run({ spaceId: 'space-two', embed });
  expect(failed.files).toMatchObject({ failed: 3 });
  expect(bench.rows('space-one')).toEqual(before);
  const back = await inSpace(bench, 'space-one', 8);
  expect(bench.embedded).toEqual([]);
  expect(back.generation).toEqual({ kind: 'unchanged' });
});
