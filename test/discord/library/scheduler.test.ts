import { pino } from 'pino';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { ReindexRequest } from '../../../src/catalog/reindexes.ts';
import { Scheduler } from '../../../src/services/scheduler.ts';
import { openCatalog, tempFolder } from '../../catalog/helpers.ts';

const log = pino({ level: 'silent' });
const nightly = { cron: '0 3 * * *', timeZone: 'UTC', setBy: '1', channelId: '7', locale: 'de' };
const hourMs = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

/** A scheduler whose reindexer starts nothing: the requests are in the catalog and in `asks`. */
function schedulerOf(catalog: Catalog, schedules = true) {
  const asks: ReindexRequest[] = [];
  const ask = async (request: ReindexRequest) => {
    asks.push(request);
    return catalog.reindexes.ask(request);
  };
  const scheduler = new Scheduler({ catalog, reindexer: { ask }, log, schedules });
  onTestFinished(() => scheduler.close());
  return { scheduler, asks };
}

function atNoon(): void {
  vi.useFakeTimers({ now: Date.parse('2026-03-05T12:00:00Z') });
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

test('requests a reindex of changes at each due time, once', async () => {
  atNoon();
  const catalog = openCatalog();
  const { scheduler, asks } = schedulerOf(catalog);
  await scheduler.start();
  expect(await scheduler.set(nightly)).toBeNull();
  expect(scheduler.current()?.next?.toISOString()).toBe('2026-03-06T03:00:00.000Z');
  await pass(14 * hourMs);
  expect(asks).toEqual([]);
  await pass(hourMs + 1000);
  expect(asks).toEqual([{ mode: 'changed', requestedBy: null, guildId: null, channelId: '7', locale: 'de' }]);
  catalog.reindexes.cancel(catalog.reindexes.open()?.id ?? 0);
  await pass(24 * hourMs);
  expect(asks).toHaveLength(2);
});

test('skips a due time while a reindex is open, and does not catch up later', async () => {
  atNoon();
  const catalog = openCatalog();
  const { scheduler } = schedulerOf(catalog);
  await scheduler.start();
  await scheduler.set(nightly);
  const { reindex } = catalog.reindexes.ask({ ...nightly, mode: 'everything', requestedBy: '1', guildId: null });
  await pass(16 * hourMs);
  expect(catalog.reindexes.open()?.id).toBe(reindex.id);
  catalog.reindexes.cancel(reindex.id);
  const restarted = schedulerOf(catalog);
  await restarted.scheduler.start();
  expect(restarted.asks).toEqual([]);
});

test('catches up missed due times with one reindex, and not again at the next start', async () => {
  atNoon();
  const catalog = openCatalog();
  const { scheduler } = schedulerOf(catalog);
  await scheduler.set(nightly);
  await scheduler.close();
  vi.setSystemTime(Date.parse('2026-03-09T12:00:00Z'));
  const back = schedulerOf(catalog);
  await back.scheduler.start();
  expect(back.asks).toHaveLength(1);
  expect(catalog.schedule.get()?.lastStartedAtMs).toBe(Date.parse('2026-03-09T03:00:00Z'));
  await back.scheduler.close();
  catalog.reindexes.cancel(catalog.reindexes.open()?.id ?? 0);
  const again = schedulerOf(catalog);
  await again.scheduler.start();
  expect(again.asks).toEqual([]);
});

test('requests one reindex when two bots run the same schedule', async () => {
  atNoon();
  const folder = tempFolder();
  const one = schedulerOf(openCatalog(folder));
  const other = schedulerOf(openCatalog(folder));
  await one.scheduler.set(nightly);
  await one.scheduler.start();
  await other.scheduler.start();
  await pass(16 * hourMs);
  expect([...one.asks, ...other.asks]).toHaveLength(1);
});

test('starts nothing in a shard that does not schedule, which still reads a schedule set elsewhere', async () => {
  atNoon();
  const folder = tempFolder();
  const runner = schedulerOf(openCatalog(folder));
  const other = schedulerOf(openCatalog(folder), false);
  await runner.scheduler.start();
  await other.scheduler.start();
  await other.scheduler.set(nightly);
  expect(runner.scheduler.current()).toMatchObject(nightly);
  await pass(16 * hourMs);
  expect([runner.asks.length, other.asks.length]).toEqual([1, 0]);
});

test('starts nothing after it is cleared, and changes nothing for an invalid schedule', async () => {
  atNoon();
  const catalog = openCatalog();
  const { scheduler, asks } = schedulerOf(catalog);
  await scheduler.start();
  await scheduler.set(nightly);
  expect(await scheduler.set({ ...nightly, cron: '* * * * *' })).toBe('too-often');
  expect(scheduler.current()).toMatchObject(nightly);
  await scheduler.clear();
  await pass(48 * hourMs);
  expect(asks).toEqual([]);
  expect(scheduler.current()).toBeNull();
});
