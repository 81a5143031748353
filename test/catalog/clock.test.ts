/** A clock that is set back must not keep rows for ever, delete them early, or stop due runs. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { factsOf, openCatalog, recordingOf, tempFolder } from './helpers.ts';

const dayMs = 86_400_000;
const today = Date.UTC(2026, 5, 1);
const inTenYears = today + 3650 * dayMs;

function clockedCatalog() {
  const clock = { nowMs: today };
  const folder = tempFolder();
  return { clock, folder, catalog: openCatalog(folder, { now: () => clock.nowMs }) };
}

test('purges removed tracks after the given time, counted from when the clock is right again', () => {
  const { clock, catalog } = clockedCatalog();
  for (const key of ['a', 'b']) catalog.embeddings.put(factsOf(key), recordingOf(['music']));
  clock.nowMs = inTenYears;
  catalog.removals.remove(['a'], 'scan');
  clock.nowMs = today;
  const purge = () => catalog.removals.purge(clock.nowMs - 30 * dayMs);
  expect(purge()).toBe(0);
  clock.nowMs += 29 * dayMs;
  expect(purge()).toBe(0);
  clock.nowMs += 2 * dayMs;
  expect(purge()).toBe(1);
  expect(purge()).toBe(0);
  expect(catalog.tracks.byKey('b')?.status).toBe('indexed');
});

test('runs a due schedule once although its last run is in the future', () => {
  const { clock, catalog } = clockedCatalog();
  const entry = { cron: '0 3 * * *', timeZone: 'UTC', setBy: 'somebody', channelId: null, locale: 'en-US' };
  catalog.schedule.set(entry);
  clock.nowMs = inTenYears;
  expect(catalog.schedule.startedAt(inTenYears - 1000)).toBe(true);
  clock.nowMs = today + dayMs;
  expect(catalog.schedule.startedAt(today + dayMs - 1000)).toBe(true);
  expect(catalog.schedule.startedAt(today + dayMs - 1000)).toBe(false);
});

test('reuses the space of purged rows, and returns it to the disk above a limit', () => {
  const { clock, catalog, folder } = clockedCatalog();
  const bytes = () => statSync(path.join(folder, 'catalog.sqlite')).size;
  const put = (key: string) =>
    catalog.embeddings.put(factsOf(key), recordingOf(Array(60).fill('music'), { dimensions: 1024 }));
  const fill = (name: string) => Array.from({ length: 60 }, (_, at) => `${name}${at}`);
  for (const key of fill('old ')) put(key);
  catalog.snapshot('space-a').close();
  const full = bytes();
  catalog.removals.remove(fill('old '), 'scan');
  clock.nowMs += dayMs;
  expect([catalog.removals.purge(clock.nowMs, 40), catalog.removals.purge(clock.nowMs, 40)]).toEqual([40, 20]);
  for (const key of fill('new ').slice(0, 30)) put(key);
  catalog.snapshot('space-a').close();
  expect(bytes()).toBeLessThan(full * 1.1);

  expect(catalog.shrink()).toBeGreaterThan(full / 3);
  expect(bytes()).toBeLessThan(full * 0.7);
  using snapshot = catalog.snapshot('space-a');
  expect([...snapshot.rows()]).toHaveLength(30 * 60);
  expect(catalog.shrink()).toBe(0);
});
