import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readCurrent, spaceFolder } from '../../src/index/generation-folder.ts';
import { ProcessLock } from '../../src/io/process-lock.ts';
import { type TidyOptions, tidy } from '../../src/maintenance/tidy.ts';
import { Bench } from '../indexing/helpers.ts';

const dayMs = 86_400_000;

async function indexed() {
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const bench = new Bench({ now: () => clock.nowMs });
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'two');
  await bench.run();
  const tidyNow = (changes: Partial<TidyOptions> = {}) =>
    tidy({
      catalog: bench.catalog,
      indexDir: bench.indexDir,
      lockPath: path.join(bench.indexDir, 'index.lock'),
      answersKeptMs: 30 * dayMs,
      userIdsKeptMs: 365 * dayMs,
      removedKeptMs: 30 * dayMs,
      removeClips: async () => ({ count: 0, bytes: 0 }),
      write: async (work) => work(),
      nowMs: clock.nowMs,
      ...changes,
    });
  return { bench, clock, tidyNow, folder: spaceFolder(bench.indexDir, 'space-a') };
}

test('deletes answers and cached embeddings after their retention, not before', async () => {
  const { bench, clock, tidyNow } = await indexed();
  const question = { contentSha256: 'x', options: 'o', spaceId: 'space-a', generation: 'g' };
  bench.catalog.embeddingCache.put({ contentSha256: 'x', spaceId: 'space-a', part: '' }, new Uint8Array(3));
  bench.catalog.answers.put({ id: 'A', ...question, source: '{}', answer: '{}', askerId: '1' });
  clock.nowMs += 30 * dayMs;
  expect(await tidyNow()).toMatchObject({ answers: 0, queryEmbeddings: 0 });
  clock.nowMs += 1;
  expect(await tidyNow()).toMatchObject({ answers: 1, queryEmbeddings: 1 });
  expect(await tidyNow()).toMatchObject({ answers: 0, queryEmbeddings: 0 });
});

test('removes the user ids of votes after their retention, not before, and keeps the votes', async () => {
  const { bench, clock, tidyNow } = await indexed();
  const { feedback, people } = bench.catalog;
  const where = { contentSha256: 'x', spaceId: 'space-a', answerId: 'A', rank: 1, generation: 'g' };
  feedback.put({ ...where, trackId: 1, userId: '77', vote: 1 });
  clock.nowMs += 365 * dayMs;
  expect(await tidyNow()).toMatchObject({ userIds: 0 });
  expect(people.count('77')).toMatchObject({ votes: 1 });
  clock.nowMs += 1;
  expect(await tidyNow()).toMatchObject({ userIds: 1 });
  expect(people.count('77')).toMatchObject({ votes: 0 });
  expect(await tidyNow()).toMatchObject({ userIds: 0 });
});

test('deletes nothing when the clock is set back, and everything in its time later', async () => {
  const { bench, clock, tidyNow } = await indexed();
  bench.catalog.embeddingCache.put({ contentSha256: 'x', spaceId: 'space-a', part: '' }, new Uint8Array(3));
  bench.catalog.removals.remove(['a.mp3'], 'scan');
  clock.nowMs -= 400 * dayMs;
  expect(await tidyNow()).toMatchObject({ queryEmbeddings: 0, tracks: 0 });
  clock.nowMs += 431 * dayMs;
  expect(await tidyNow()).toMatchObject({ queryEmbeddings: 1, tracks: 1 });
});

test('deletes vectors of removed tracks after their time, and does not embed a file that returns before', async () => {
  const { bench, clock, tidyNow } = await indexed();
  bench.catalog.removals.remove(['a.mp3'], 'scan');
  clock.nowMs += 29 * dayMs;
  expect((await tidyNow()).tracks).toBe(0);
  expect((await bench.run()).files).toMatchObject({ reused: 1, embedded: 0 });
  bench.catalog.removals.remove(['a.mp3'], 'scan');
  clock.nowMs += 31 * dayMs;
  expect((await tidyNow()).tracks).toBe(1);
  expect((await bench.run()).files).toMatchObject({ embedded: 1 });
});

test('removes unreferenced generations and files, and leaves those of a writer', async () => {
  const { bench, tidyNow, folder } = await indexed();
  const [current] = await readCurrent(folder);
  mkdirSync(path.join(folder, 'nobody-names-me'));
  writeFileSync(path.join(folder, 'nobody-names-me', 'shard-0.faiss'), 'x'.repeat(1000));
  mkdirSync(path.join(folder, 'half.partial'));
  const young = path.join(bench.indexDir, 'young.partial');
  const old = path.join(bench.indexDir, 'old.partial');
  for (const file of [young, old]) writeFileSync(file, 'half');
  utimesSync(old, 1, 1);
  const { strays } = await tidyNow({ nowMs: Date.now() });
  expect(strays?.map((stray) => path.basename(stray.path)).sort()).toEqual([
    'half.partial',
    'nobody-names-me',
    'old.partial',
  ]);
  expect(strays?.find((stray) => stray.path.endsWith('nobody-names-me'))?.bytes).toBe(1000);
  expect(existsSync(young)).toBe(true);
  expect(await readCurrent(folder)).toEqual([current]);
});

test('deletes answers during an index run, and the rest next time', async () => {
  const { bench, tidyNow, folder } = await indexed();
  mkdirSync(path.join(folder, 'half.partial'));
  using _running = ProcessLock.take(path.join(bench.indexDir, 'index.lock'));
  expect(await tidyNow()).toMatchObject({ tracks: 0, strays: null });
  expect(existsSync(path.join(folder, 'half.partial'))).toBe(true);
});

test('prunes nothing when CURRENT is damaged', async () => {
  const { tidyNow, folder } = await indexed();
  const [current = ''] = await readCurrent(folder);
  writeFileSync(path.join(folder, 'CURRENT'), '???');
  expect((await tidyNow()).strays).toEqual([]);
  expect(existsSync(path.join(folder, current))).toBe(true);
});
