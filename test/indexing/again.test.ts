import { renameSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LeitmotifError } from '../../src/errors.ts';
import { planIndex } from '../../src/indexing/plan.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { Bench } from './helpers.ts';

function clockedBench() {
  const clock = { nowMs: 1000 };
  return { clock, bench: new Bench({ now: () => clock.nowMs }) };
}

test('embeds everything again though nothing changed, and keeps ids and rows', async () => {
  const { bench, clock } = clockedBench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'three');
  await bench.run();
  const before = bench.rows();
  const id = bench.catalog.tracks.byKey('a.mp3')?.id;
  clock.nowMs = 2000;
  const again = await bench.run({ embedAgainBeforeMs: 1500 });
  expect(again.files).toMatchObject({ listed: 2, embedded: 2, unchanged: 0, reused: 0 });
  expect(bench.embedded.toSorted()).toEqual(['a.mp3', 'b.mp3']);
  expect(again.generation.kind).toBe('written');
  expect(bench.rows()).toEqual(before);
  expect(bench.catalog.tracks.byKey('a.mp3')?.id).toBe(id);
});

test('continues after an interruption, and does not embed a track twice', async () => {
  const { bench, clock } = clockedBench();
  for (let at = 0; at < 6; at++) bench.put(`${at}.mp3`, `number ${at}`);
  await bench.run();
  clock.nowMs = 2000;
  const stop = new AbortController();
  const cut = bench.run({
    ...{ embedAgainBeforeMs: 1500, concurrency: 1, signal: stop.signal },
    onProgress: ({ phase, tracksDone }) => {
      if (phase === 'embed' && tracksDone === 2) stop.abort();
    },
  });
  await expect(cut).rejects.toMatchObject({ code: 'cancelled' });
  clock.nowMs = 3000;
  const rest = await bench.run({ embedAgainBeforeMs: 1500 });
  expect(rest.files).toMatchObject({ embedded: 4, unchanged: 2 });
  expect(bench.embedded).toHaveLength(4);
  expect((await bench.run({ embedAgainBeforeMs: 1500 })).files).toMatchObject({ embedded: 0, unchanged: 6 });
});

test('keeps the old vectors of tracks that fail this time', async () => {
  const { bench, clock } = clockedBench();
  bench.put('a.mp3', 'one');
  await bench.run();
  const before = bench.rows();
  clock.nowMs = 2000;
  const embed = () => Promise.reject(new LeitmotifError('inference-failed', 'Not this time'));
  expect((await bench.run({ embedAgainBeforeMs: 1500, embed })).files).toMatchObject({ failed: 1, embedded: 0 });
  expect(bench.rows()).toEqual(before);
  clock.nowMs = 3000;
  expect((await bench.run({ embedAgainBeforeMs: 1500, retryFailed: true })).files).toMatchObject({ embedded: 1 });
});

test('embeds a recording with two names once, and one that was moved meanwhile', async () => {
  const { bench, clock } = clockedBench();
  bench.put('a.mp3', 'one');
  bench.put('copy.mp3', 'one');
  bench.put('old/b.mp3', 'three');
  await bench.run({ concurrency: 1 });
  renameSync(`${bench.music}/old`, `${bench.music}/new`);
  clock.nowMs = 2000;
  const again = await bench.run({ embedAgainBeforeMs: 1500, concurrency: 1 });
  expect(again.files).toMatchObject({ listed: 3, embedded: 2, reused: 1, moved: 0, removed: 0 });
  expect(Object.keys(bench.rows())).toEqual(['a.mp3', 'copy.mp3', 'new/b.mp3']);
});

test('plans a run without doing any of it, and gives the durations of the last ones', async () => {
  const { bench, clock } = clockedBench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'three');
  bench.put('c.mp3', 'audio-unreadable');
  bench.put('old/d.mp3', 'number four');
  const plan = (changes: { retryFailed?: boolean; embedAgainBeforeMs?: number } = {}) =>
    planIndex({
      ...{ catalog: bench.catalog, library: new FolderLibrary(bench.music), spaceId: 'space-a' },
      ...{ signal: new AbortController().signal, ...changes },
    });
  expect(await plan()).toMatchObject({ files: { listed: 4, added: 4 }, bytes: 35, expected: null, before: [] });
  const run = bench.run({
    onProgress: () => {
      clock.nowMs += 1000;
    },
  });
  await run;
  bench.put('b.mp3', 'three!');
  bench.put('e.mp3', 'five');
  renameSync(`${bench.music}/old`, `${bench.music}/new`);
  rmSync(`${bench.music}/a.mp3`);
  const before = [bench.rows(), bench.catalog.tracks.failures()];
  const changed = await plan();
  expect(changed.files).toEqual({
    ...{ listed: 4, added: 1, changed: 1, retried: 0, again: 0 },
    ...{ moved: 1, removed: 1, unchanged: 0, failedBefore: 1 },
  });
  expect(changed.bytes).toBe('three!'.length + 'five'.length);
  expect(changed.before).toMatchObject([{ embedded: 3, bytes: 19 }]);
  const [run1] = changed.before;
  expect(changed.expected?.wallSec).toBeCloseTo(((run1?.wallSec ?? 0) * 10) / 19);
  const everything = await plan({ retryFailed: true, embedAgainBeforeMs: clock.nowMs + 1 });
  expect(everything.files).toMatchObject({ added: 1, changed: 1, retried: 1, again: 1, moved: 0, unchanged: 0 });
  expect([bench.rows(), bench.catalog.tracks.failures()]).toEqual(before);
});
