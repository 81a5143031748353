/** Reindexes with real parts: the real indexing process, the real worker, FAISS, and kills. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, buildApp } from '../../src/app.ts';
import type { ReindexSummary } from '../../src/services/job-protocol.ts';
import { asked, reindexerOf, slowly, until, WrittenAnnouncer } from '../discord/library/jobs.ts';
import { descendantsOf, eventually, lives } from '../embedding-worker/processes.ts';
import { ask, makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';

let library: TestLibrary;
let app: App;

beforeAll(async () => {
  library = await makeLibrary();
  app = await library.open(slowly);
});

afterAll(async () => {
  await library[Symbol.asyncDispose]();
});

function embeddedSince(ms: number): number {
  const known = [...app.catalog.tracks.known(app.catalog.spaces.list()[0]?.spaceId ?? '').values()];
  return known.filter(({ embeddedAtMs }) => (embeddedAtMs ?? 0) >= ms).length;
}

/** Never 0: a signal to 0 would end this test's own process group. */
function pidOf({ pid }: { readonly pid: number | undefined }): number {
  if (pid === undefined) throw new Error('no indexing process is running');
  return pid;
}

function summaryOf(id: number): ReindexSummary {
  return JSON.parse(app.catalog.reindexes.get(id)?.summary ?? '{}') as ReindexSummary;
}

test('embeds everything again in another process, announces progress, and answers at once from the new generation', async () => {
  const announcer = new WrittenAnnouncer();
  const reindexer = reindexerOf(app, announcer);
  const query = path.join(library.music, 'piece-3.ogg');
  const before = (await ask(app, query)).generation;
  writePiece(path.join(library.music, 'piece-7.ogg'), 7, 47);
  const { reindex, isNew } = await reindexer.ask(asked);
  expect(isNew).toBe(true);
  await announcer.until(/begun/);
  const meanwhile = await ask(app, query);
  expect(meanwhile.generation).toEqual(before);
  expect(meanwhile.results[0]?.track.key).toBe('piece-3.ogg');
  await announcer.until(/done/);
  // The test waits only for the announced end: the swap came before it.
  const host = await app.liveIndex.open(AbortSignal.timeout(1000));
  expect(host.current()?.id).toBe(app.catalog.spaces.list()[0]?.built?.generationId);
  expect(host.current()?.id).not.toBe(before);
  expect((await ask(app, path.join(library.music, 'piece-7.ogg'))).results[0]?.track.key).toBe('piece-7.ogg');
  expect(announcer.said[0]).toBe('begun first 7');
  expect(announcer.said.at(-1)).toBe('done');
  expect(summaryOf(reindex.id)).toMatchObject({ embedded: 7, failed: 0, generation: { kind: 'written' } });
  expect(embeddedSince(reindex.requestedAtMs)).toBe(7);
  await reindexer.close();
});

test('continues after a kill of its process, and embeds nothing twice', async () => {
  const announcer = new WrittenAnnouncer();
  const reindexer = reindexerOf(app, announcer);
  const { reindex } = await reindexer.ask(asked);
  await until(() => embeddedSince(reindex.requestedAtMs) >= 2, 'two tracks');
  const pid = pidOf(reindexer);
  const started = descendantsOf(pid);
  process.kill(pid, 'SIGKILL');
  await announcer.until(/begun again/);
  await announcer.until(/done/);
  const again = Number(/begun again (\d+)/.exec(announcer.said.join('\n'))?.[1]);
  expect(again).toBeLessThanOrEqual(5);
  const { embedded, reused, failed } = summaryOf(reindex.id);
  expect(embedded + reused).toBeGreaterThanOrEqual(6);
  expect(embedded + reused).toBeLessThanOrEqual(7);
  expect(failed).toBe(0);
  expect(embeddedSince(reindex.requestedAtMs)).toBe(7);
  await eventually(() => started.every((each) => !lives(each.pid)));
  await reindexer.close();
});

test('leaves its job open for the next start when the bot stops, which does not count as a crash', async () => {
  const first = new WrittenAnnouncer();
  const stopped = reindexerOf(app, first);
  const { reindex } = await stopped.ask(asked);
  await until(() => embeddedSince(reindex.requestedAtMs) >= 1, 'a track');
  const pid = pidOf(stopped);
  await stopped.close();
  expect(lives(pid)).toBe(false);
  expect(app.catalog.reindexes.open()).toMatchObject({ id: reindex.id, state: 'running', starts: 0 });
  expect(first.said).not.toContain('done');

  const second = new WrittenAnnouncer();
  const resumed = reindexerOf(app, second);
  resumed.resume();
  await second.until(/done/);
  expect(second.said[0]).toMatch(/begun again [1-6]$/);
  expect(app.catalog.reindexes.get(reindex.id)?.state).toBe('done');
  await resumed.close();
});

test('stops at once right after a request, and leaves the job open', async () => {
  const reindexer = reindexerOf(app, new WrittenAnnouncer());
  const { reindex } = await reindexer.ask(asked);
  await reindexer.close();
  expect(reindexer.pid).toBeUndefined();
  expect(app.catalog.reindexes.open()).toMatchObject({ id: reindex.id, starts: 0 });
  await reindexer.cancel();
});

test('gives two concurrent requests one job and one process', async () => {
  const announcer = new WrittenAnnouncer();
  const reindexer = reindexerOf(app, announcer);
  const other = reindexerOf(app, announcer, { runsJobs: false });
  const both = await Promise.all([reindexer.ask(asked), other.ask({ ...asked, mode: 'changed', requestedBy: '9' })]);
  expect(both.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
  expect(both[0]?.reindex.id).toBe(both[1]?.reindex.id);
  await announcer.until(/done/);
  await Promise.all([reindexer.close(), other.close()]);
});

test('is cancelled, also from another shard, and keeps the indexed tracks', async () => {
  const announcer = new WrittenAnnouncer();
  const reindexer = reindexerOf(app, announcer);
  const elsewhere = reindexerOf(app, announcer, { runsJobs: false });
  const { reindex } = await reindexer.ask(asked);
  await until(() => embeddedSince(reindex.requestedAtMs) >= 1, 'a track');
  const pid = pidOf(reindexer);
  // A small library would be done before its process checks for a cancellation.
  for (const each of descendantsOf(pid))
    if (each.command.includes('inference-child')) process.kill(each.pid, 'SIGSTOP');
  expect(await elsewhere.cancel()).toMatchObject({ id: reindex.id, mode: 'everything' });
  expect(await elsewhere.cancel()).toBeNull();
  await announcer.until(/cancelled/);
  expect(lives(pid)).toBe(false);
  expect(embeddedSince(reindex.requestedAtMs)).toBeGreaterThanOrEqual(1);
  expect(embeddedSince(reindex.requestedAtMs)).toBeLessThan(7);
  expect(app.catalog.reindexes.open()).toBeNull();
  expect(app.catalog.reindexes.get(reindex.id)?.state).toBe('cancelled');
  await reindexer.close();
});

test('waits while a terminal run indexes, announces that, and starts when the run has ended', async () => {
  const holder = spawn(process.execPath, [
    path.join(import.meta.dirname, '../indexing/lock-holder.ts'),
    path.join(library.indexDir, 'index.lock'),
  ]);
  await once(holder.stdout, 'data');
  const announcer = new WrittenAnnouncer();
  const reindexer = reindexerOf(app, announcer);
  await reindexer.ask({ ...asked, mode: 'changed' });
  await announcer.until(/waiting/);
  expect(reindexer.waitingFor).toMatch(new RegExp(`process ${holder.pid}`));
  holder.kill('SIGKILL');
  await announcer.until(/done/);
  expect(reindexer.waitingFor).toBeNull();
  await reindexer.close();
});

test('fails a job whose process dies again and again', async () => {
  const announcer = new WrittenAnnouncer();
  const root = mkdtempSync(path.join(library.folder, 'root-'));
  mkdirSync(path.join(root, 'src'));
  writeFileSync(path.join(root, 'src', 'index-job.ts'), 'process.exit(1);');
  const reindexer = reindexerOf(app, announcer, { root });
  const { reindex } = await reindexer.ask(asked);
  await announcer.until(/failed/);
  expect(app.catalog.reindexes.get(reindex.id)).toMatchObject({
    state: 'failed',
    error: { code: 'internal', message: expect.stringMatching(/died 5 times/) },
  });
  await reindexer.close();
});

test('fails at once on a permanent error, and reports it', async () => {
  const announcer = new WrittenAnnouncer();
  const config = { ...app.config, library: `file:${path.join(library.folder, 'no such folder')}` };
  const reindexer = reindexerOf(app, announcer, { config });
  const { reindex } = await reindexer.ask(asked);
  await announcer.until(/failed/);
  const { state, error, starts } = app.catalog.reindexes.get(reindex.id) ?? {};
  expect({ state, starts }).toEqual({ state: 'failed', starts: 1 });
  expect(error?.code).toMatch(/config-invalid|file-unreadable/);
  await reindexer.close();
});

test('announces an unannounced end', async () => {
  const { reindexes } = app.catalog;
  const { reindex } = reindexes.ask(asked);
  reindexes.finish(reindex.id, { state: 'done', summary: '{}', jobId: 1 });
  const announcer = new WrittenAnnouncer();
  const reindexer = reindexerOf(app, announcer);
  reindexer.resume();
  await announcer.until(/done/);
  await reindexer.close();
  const again = new WrittenAnnouncer();
  const next = reindexerOf(app, again);
  next.resume();
  await next.close();
  expect(again.said).toEqual([]);
});

test('ends with the bot, also when the bot is killed', async () => {
  const entry = path.join(import.meta.dirname, '../discord/library/reindexing-bot.ts');
  const bot = spawn(process.execPath, [entry, library.indexDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(bot.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  expect(lives(pid)).toBe(true);
  await eventually(() => descendantsOf(pid).length > 0);
  const started = descendantsOf(pid);
  bot.kill('SIGKILL');
  await eventually(() => [pid, ...started.map((each) => each.pid)].every((each) => !lives(each)));
  const open = app.catalog.reindexes.open();
  expect(open).toMatchObject({ state: 'running' });
  app.catalog.reindexes.cancel(open?.id ?? 0);
});

test('accepts a request while another process writes to the catalog, without blocking the thread', async () => {
  const parts = { root: projectRoot, environment: process.env, log: pino({ level: 'silent' }) };
  await using quick = await buildApp(app.config, { ...parts, catalogBusyTimeoutMs: 10 });
  const reindexer = reindexerOf(quick, new WrittenAnnouncer(), { runsJobs: false });
  const writer = new DatabaseSync(app.catalog.path);
  writer.exec('BEGIN IMMEDIATE');
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  const asking = reindexer.ask(asked);
  await delay(400);
  writer.exec('ROLLBACK');
  writer.close();
  const { isNew } = await asking;
  clearInterval(timer);
  expect(isNew).toBe(true);
  expect(turns).toBeGreaterThan(10);
  await reindexer.cancel();
});
