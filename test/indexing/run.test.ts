import { renameSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { IndexProgress } from '../../src/indexing/progress.ts';
import { Bench } from './helpers.ts';

test('indexes a folder, and does nothing when nothing changed', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  bench.put('disc/b.mp3', 'three');
  const first = await bench.run();
  expect(first.files).toMatchObject({ listed: 2, embedded: 2, failed: 0, unchanged: 0 });
  expect(first.audioSec).toBe(60);
  expect(first.generation).toMatchObject({ kind: 'written', rows: 6 });
  expect(Object.keys(bench.rows())).toEqual(['a.mp3', 'disc/b.mp3']);

  const second = await bench.run();
  expect(second.files).toMatchObject({ listed: 2, unchanged: 2, embedded: 0 });
  expect(second.generation).toEqual({ kind: 'unchanged' });
  expect(bench.embedded).toEqual([]);
});

test('embeds changed files again, and not files with only a new time', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'two');
  await bench.run();
  bench.touch('a.mp3');
  const touched = await bench.run();
  expect(touched.files).toMatchObject({ reused: 1, unchanged: 1, embedded: 0 });
  expect(touched.generation.kind).toBe('unchanged');
  expect((await bench.run()).files).toMatchObject({ unchanged: 2 });

  const before = bench.rows();
  bench.put('b.mp3', '2.0');
  const changed = await bench.run();
  expect(bench.embedded).toEqual(['b.mp3']);
  expect(changed.generation.kind).toBe('written');
  expect(bench.rows()['a.mp3']).toEqual(before['a.mp3']);
  expect(bench.rows()['b.mp3']).not.toEqual(before['b.mp3']);
});

test('recognises a moved file by its bytes: same track, nothing embedded, same generation', async () => {
  const bench = new Bench();
  bench.put('old/a.mp3', 'one');
  bench.put('b.mp3', 'two');
  await bench.run();
  const id = bench.catalog.tracks.byKey('old/a.mp3')?.id;
  renameSync(`${bench.music}/old`, `${bench.music}/new`);
  const moved = await bench.run();
  expect(moved.files).toMatchObject({ moved: 1, unchanged: 1, removed: 0, embedded: 0 });
  expect(moved.generation.kind).toBe('unchanged');
  expect(bench.catalog.tracks.byKey('new/a.mp3')).toMatchObject({ id, status: 'indexed' });
  expect(bench.embedded).toEqual([]);
});

test('recognises a copy by its bytes, also where two files changed places', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'three');
  await bench.run();
  const before = bench.rows();
  bench.put('c.mp3', 'one');
  expect((await bench.run()).files).toMatchObject({ reused: 1, embedded: 0 });
  expect(bench.rows()['c.mp3']).toEqual(before['a.mp3']);

  bench.put('c.mp3', 'three');
  rmSync(`${bench.music}/b.mp3`);
  const swapped = await bench.run();
  expect(swapped.files).toMatchObject({ reused: 1, removed: 1, embedded: 0 });
  expect(bench.rows()).toEqual({ 'a.mp3': before['a.mp3'], 'c.mp3': before['b.mp3'] });
});

test('removes a track without a file from the answers at once, and restores it without embedding', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'two');
  await bench.run();
  const id = bench.catalog.tracks.byKey('a.mp3')?.id ?? -1;
  renameSync(`${bench.music}/a.mp3`, `${bench.indexDir}/away`);
  const gone = await bench.run();
  expect(gone.files).toMatchObject({ removed: 1, unchanged: 1 });
  expect(gone.generation).toMatchObject({ kind: 'written' });
  expect(bench.catalog.tracks.live([id]).size).toBe(0);

  renameSync(`${bench.indexDir}/away`, `${bench.music}/a.mp3`);
  const back = await bench.run();
  expect(back.files).toMatchObject({ reused: 1, unchanged: 1, embedded: 0 });
  expect(bench.catalog.tracks.live([id]).size).toBe(1);
  expect(bench.embedded).toEqual([]);
});

test('excludes a track removed on request, though its file exists, until it is restored', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'two');
  await bench.run();
  bench.catalog.removals.remove(['a.mp3'], 'request');
  bench.put('a.mp3', 'changed');
  expect((await bench.run()).files).toMatchObject({ keptOut: 1, unchanged: 1, embedded: 0 });
  expect(Object.keys(bench.rows())).toEqual(['b.mp3']);
  bench.catalog.removals.restore('a.mp3');
  expect((await bench.run()).files).toMatchObject({ keptOut: 0, embedded: 1 });
});

test('holds indexes of two models, and switches back at no cost', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  await bench.run();
  const other = async () => ({ ...(await bench.embed(`${bench.music}/a.mp3`, never())), spaceId: 'space-b' });
  const switched = await bench.run({ spaceId: 'space-b', embed: other });
  expect(switched.files.embedded).toBe(1);
  const back = await bench.run();
  expect(back.files).toMatchObject({ unchanged: 1, embedded: 0 });
  expect(back.generation.kind).toBe('unchanged');
});

test('has as many tracks in flight as allowed, and never more', async () => {
  const bench = new Bench();
  for (let at = 0; at < 12; at++) bench.put(`${at}.mp3`, `number ${at}`);
  const secondCame = Promise.withResolvers<void>();
  let inFlight = 0;
  let most = 0;
  await bench.run({
    concurrency: 2,
    embed: async (file, options) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      if (inFlight === 2) secondCame.resolve();
      await secondCame.promise;
      const recording = await bench.embed(file, options);
      inFlight -= 1;
      return recording;
    },
  });
  expect(most).toBe(2);
  expect(Object.keys(bench.rows())).toHaveLength(12);
});

test('reports progress: phases in order, counts that never fall, everything done at the end', async () => {
  const bench = new Bench();
  for (let at = 0; at < 5; at++) bench.put(`${at}.mp3`, `number ${at}`);
  bench.put('bad.mp3', 'audio-unreadable');
  const told: IndexProgress[] = [];
  await bench.run({ onProgress: (progress) => told.push(progress) });
  const phases = told.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]);
  expect(phases).toEqual(['scan', 'embed', 'generation', 'done']);
  const done = told.filter(({ phase }) => phase === 'embed').map(({ tracksDone }) => tracksDone);
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(told.at(-1)).toMatchObject({ tracksDone: 6, tracksTotal: 6, failed: 1, secondsDone: 50, etaSec: 0 });
  expect(told.at(-1)?.bytesDone).toBe(told.at(-1)?.bytesTotal);
});

test('stores the job where another process can read it', async () => {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  const { jobId } = await bench.run();
  const job = bench.catalog.jobs.last('index');
  expect(job).toMatchObject({
    id: jobId,
    state: 'done',
    spaceId: 'space-a',
    counters: { embedded: 1, done: 1, toDo: 1 },
  });
});

function never() {
  return { signal: new AbortController().signal };
}
