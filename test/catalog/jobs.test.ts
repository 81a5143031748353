import { expect, test } from 'vitest';
import { openCatalog } from './helpers.ts';

test('stores the last job of a kind with its progress and outcome', () => {
  let now = 1000;
  const { jobs } = openCatalog(undefined, { now: () => now });
  expect(jobs.last('index')).toBeNull();
  const id = jobs.start('index', 'space-a');
  jobs.report(id, { embedded: 3 });
  expect(jobs.last('index')).toMatchObject({ id, state: 'running', counters: { embedded: 3 }, pid: process.pid });
  now = 2500;
  jobs.finish(id, 'failed', { code: 'disk-full', message: 'The disk is full' });
  expect(jobs.last('index')).toMatchObject({
    state: 'failed',
    startedAtMs: 1000,
    finishedAtMs: 2500,
    error: { code: 'disk-full', message: 'The disk is full' },
  });
});

test('marks a job that was killed as interrupted when the next one of its kind starts', () => {
  const { jobs } = openCatalog();
  jobs.start('index', 'space-a');
  const other = jobs.start('backup', null);
  jobs.start('index', 'space-a');
  const states = () => [jobs.last('backup')?.state, jobs.last('index')?.state];
  expect(states()).toEqual(['running', 'running']);
  jobs.finish(other, 'done');
  jobs.start('backup', null);
  expect(states()).toEqual(['running', 'running']);
});
