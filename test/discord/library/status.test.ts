/** `/library status` when parts of the bot do not answer. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../../src/app.ts';
import { libraryStatus } from '../../../src/discord/library/status.ts';
import { LibraryQueries } from '../../../src/services/library-queries.ts';
import { Scheduler } from '../../../src/services/scheduler.ts';
import { freePort } from '../../support/free-port.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../../support/library.ts';
import { asked, reindexerOf, WrittenAnnouncer } from './jobs.ts';

const token = 'sixteen-characters';
let library: TestLibrary;

beforeAll(async () => {
  library = await makeLibrary();
});

afterAll(() => library[Symbol.asyncDispose]());

function partsOf(app: App) {
  const reindexer = reindexerOf(app, new WrittenAnnouncer(), { runsJobs: false });
  const libraryQueries = new LibraryQueries({ root: projectRoot, environment: process.env, config: app.config });
  const log = pino({ level: 'silent' });
  return {
    services: app,
    libraryQueries,
    reindexer,
    scheduler: new Scheduler({ catalog: app.catalog, reindexer, log, schedules: false }),
  };
}

test('shows all facts when all parts answer, and an open job without progress before it starts', async () => {
  const { reindex } = library.app.catalog.reindexes.ask(asked);
  const status = await libraryStatus(partsOf(library.app));
  expect(status).toMatchObject({
    model: { name: 'builtin', licence: 'MIT' },
    ...{ worker: 'ready', index: { state: 'open', generation: { tracks: 6, chunks: 30 } } },
    ...{ tracks: { indexed: 6 }, space: { tracks: 6, chunks: { music: 30 } }, lastRun: { state: 'done', embedded: 6 } },
    ...{ open: { id: reindex.id, progress: null, waits: false }, schedule: null },
  });
  expect(status.disk?.usedBytes).toBeGreaterThan(100_000);
  library.app.catalog.reindexes.cancel(reindex.id);
});

test('reports that the worker does not answer, and the facts without it', async () => {
  const app = await library.open({
    EMBEDDING_WORKER_URL: 'http://127.0.0.1:9',
    EMBEDDING_WORKER_TOKEN: token,
  });
  const status = await libraryStatus(partsOf(app));
  expect(status).toMatchObject({
    ...{ model: null, worker: 'unavailable', index: { state: 'closed', code: 'worker-unavailable' } },
    ...{ tracks: { indexed: 6 }, lastRun: { state: 'done' } },
  });
});

test('finds a worker that started later', async () => {
  const answers = JSON.stringify(await (await library.app.worker.client()).models());
  const port = await freePort();
  const app = await library.open({ EMBEDDING_WORKER_URL: `http://127.0.0.1:${port}`, EMBEDDING_WORKER_TOKEN: token });
  await expect(app.worker.spaceId()).rejects.toMatchObject({ code: 'worker-unavailable' });
  const worker = createServer((_, response) => response.end(answers)).listen(port, '127.0.0.1');
  await once(worker, 'listening');
  expect(await app.worker.spaceId()).toBe(await library.app.worker.spaceId());
  expect((await libraryStatus(partsOf(app))).worker).toBe('ready');
  worker.close();
});

test('reports an empty index when nothing was indexed yet', async () => {
  const app = await library.open({ INDEX_DIR: `${library.folder}/new` });
  expect(await libraryStatus(partsOf(app))).toMatchObject({
    ...{ worker: 'ready', index: { state: 'closed', code: 'index-empty' } },
    ...{ tracks: { indexed: 0 }, space: null, lastRun: null, open: null },
  });
});
