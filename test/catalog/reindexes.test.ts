import { expect, test } from 'vitest';
import type { ReindexRequest } from '../../src/catalog/reindexes.ts';
import { openCatalog, tempFolder } from './helpers.ts';

const request: ReindexRequest = { mode: 'changed', requestedBy: '1', guildId: '2', channelId: '3', locale: 'de' };

test('returns the open job to a second caller, also over another connection', () => {
  const folder = tempFolder();
  const { reindexes } = openCatalog(folder);
  const other = openCatalog(folder).reindexes;
  const first = reindexes.ask(request);
  expect(first).toMatchObject({ isNew: true, reindex: { ...request, state: 'waiting', starts: 0, milestone: 0 } });
  const second = other.ask({ ...request, mode: 'everything', requestedBy: '9' });
  expect(second).toEqual({ isNew: false, reindex: first.reindex });
});

test('opens a new job after the one before has ended', () => {
  const { reindexes } = openCatalog();
  const { reindex } = reindexes.ask(request);
  expect(reindexes.cancel(reindex.id)).toBe(true);
  expect(reindexes.open()).toBeNull();
  expect(reindexes.last()).toMatchObject({ id: reindex.id, state: 'cancelled' });
  expect(reindexes.ask(request)).toMatchObject({ isNew: true });
});

test('keeps the first start, and counts the starts since the last milestone that were interrupted', () => {
  let now = 1000;
  const { reindexes } = openCatalog(undefined, { now: () => now });
  const { id } = reindexes.ask(request).reindex;
  now = 2000;
  expect(reindexes.start(id)).toBe(true);
  now = 3000;
  reindexes.start(id);
  reindexes.start(id);
  expect(reindexes.open()).toMatchObject({ state: 'running', requestedAtMs: 1000, startedAtMs: 2000, starts: 3 });
  reindexes.pause(id);
  expect(reindexes.open()?.starts).toBe(2);
  reindexes.milestone(id, 25);
  expect(reindexes.open()?.starts).toBe(1);
});

test('reports each milestone once, and none after a later one', () => {
  const { reindexes } = openCatalog();
  const { id } = reindexes.ask(request).reindex;
  expect([1, 25, 25, 1, 50].map((milestone) => reindexes.milestone(id, milestone))).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
});

test('keeps the first end', () => {
  const { reindexes } = openCatalog();
  const { id } = reindexes.ask(request).reindex;
  reindexes.start(id);
  reindexes.addJob(id, 7);
  expect(reindexes.finish(id, { state: 'failed', code: 'disk-full', message: 'The disk is full' })).toBe(true);
  expect(reindexes.cancel(id)).toBe(false);
  expect(reindexes.start(id)).toBe(false);
  expect(reindexes.get(id)).toMatchObject({
    ...{ state: 'failed', jobId: 7 },
    error: { code: 'disk-full', message: 'The disk is full' },
  });
});

test('lists the runs that worked on it while it is open', () => {
  const { reindexes } = openCatalog();
  const { id } = reindexes.ask(request).reindex;
  expect(reindexes.jobsOf(id)).toEqual([]);
  reindexes.addJob(id, 4);
  reindexes.addJob(id, 6);
  expect(reindexes.jobsOf(id)).toEqual([4, 6]);
  expect(reindexes.get(id)?.jobId).toBe(6);
});

test('stores the report of the run', () => {
  const { reindexes } = openCatalog();
  const { id } = reindexes.ask(request).reindex;
  reindexes.finish(id, { state: 'done', summary: '{"wallMs":1}', jobId: 4 });
  expect(reindexes.get(id)).toMatchObject({ state: 'done', summary: '{"wallMs":1}', jobId: 4, error: null });
});
