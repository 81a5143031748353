import { expect, test } from 'vitest';
import { openCatalog, tempFolder } from './helpers.ts';

const entry = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', setBy: '1', channelId: null, locale: 'en-US' };

test('has no schedule until one is set, one at a time, and none after it is cleared', () => {
  const { schedule } = openCatalog(undefined, { now: () => 5000 });
  expect(schedule.get()).toBeNull();
  schedule.set(entry);
  schedule.set({ ...entry, cron: '0 4 * * *' });
  expect(schedule.get()).toEqual({ ...entry, cron: '0 4 * * *', setAtMs: 5000, lastStartedAtMs: null });
  schedule.clear();
  expect(schedule.get()).toBeNull();
});

test('lets one process claim each due time, and none from before the schedule was set', () => {
  const folder = tempFolder();
  const { schedule } = openCatalog(folder, { now: () => 5000 });
  const other = openCatalog(folder).schedule;
  expect(schedule.startedAt(6000)).toBe(false);
  schedule.set(entry);
  expect(schedule.startedAt(4000)).toBe(false);
  expect(schedule.startedAt(6000)).toBe(true);
  expect(other.startedAt(6000)).toBe(false);
  expect(other.startedAt(7000)).toBe(true);
  expect(schedule.startedAt(6500)).toBe(false);
});
