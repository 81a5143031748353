/** What admins do over the API, with the real indexing process: clusters and marks, failures, backups, checks, settings. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { inspectCatalogFile } from '../../src/catalog/restore.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';
import { makeWeb, postJson, type TestWeb, useWeb } from './running-web.ts';

interface SeenJob {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly self: string;
  readonly events: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the API, checked by each test.
  readonly [more: string]: any;
}

interface SeenCluster {
  readonly id: string;
  readonly chunks: number;
  readonly tracks: number;
  readonly isMarked: boolean;
  readonly examples: readonly { readonly clip: string; readonly id: number }[];
}

let library: TestLibrary;
let web: TestWeb;
const api = '/api/v1';
/** The processes have low priority, so a busy machine gives them little. */
const slow = { timeout: 240_000 };

useWeb((made) => {
  ({ library, web } = made);
});

async function get<T>(url: string, of: TestWeb = web): Promise<T> {
  const response = await of.call(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}

const json = (method: string, body: unknown) => ({ ...postJson(body), method });

/** Follows a job by its events. */
async function ended(response: Response, of: TestWeb = web): Promise<SeenJob> {
  const job = (await response.json()) as SeenJob;
  expect([response.status, response.headers.get('location')], JSON.stringify(job)).toEqual([202, job.self]);
  const events = await (await of.call(job.events)).text();
  const states = [...events.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as SeenJob);
  const last = states.at(-1);
  expect(await get(job.self, of)).toEqual(last);
  return last as SeenJob;
}

async function clusters(of: TestWeb = web): Promise<{ generation: string; clusters: SeenCluster[] }> {
  for (;;) {
    const response = await of.call(`${api}/library/clusters`);
    const seen = await response.json();
    if (response.status === 200) return seen as Awaited<ReturnType<typeof clusters>>;
    expect([response.status, response.headers.get('retry-after'), seen]).toMatchObject([
      202,
      '1',
      { kind: 'clusters' },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const answerOf = (trackId: number) =>
  get<{ results: { trackId: number }[] }>(`${api}/tracks/${trackId}/similar?sameArtist=true&results=30`);

describe('clusters', () => {
  test('are made once, each with clips to hear', slow, async () => {
    const seen = await clusters();
    expect(seen.clusters.length).toBeGreaterThanOrEqual(4);
    expect(new Set(seen.clusters.map(({ id }) => id)).size).toBe(seen.clusters.length);
    const [first] = seen.clusters;
    expect(first).toMatchObject({ isMarked: false, number: 1, suspicion: expect.any(Number) });
    const clip = await web.call(first?.examples[0]?.clip ?? '');
    expect([clip.status, clip.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
    expect(await clusters()).toEqual(seen);
    const { jobs } = await get<{ jobs: SeenJob[] }>(`${api}/library/jobs`);
    expect(jobs.filter(({ kind }) => kind === 'clusters').length).toBe(1);
  });

  test('are marked as not music and unmarked, which answers follow at once', slow, async () => {
    const before = await clusters();
    const { tracks } = await get<{ tracks: { id: number; key: string }[] }>(`${api}/tracks`);
    // One that holds a whole piece: the preview says that no answer could name it any more.
    const effects = await Promise.all(
      before.clusters.map(async ({ id }) => {
        const response = await web.call(`${api}/library/marks/${id}`, json('PUT', { dryRun: true }));
        expect(response.status).toBe(200);
        const effect = (await response.json()) as { wholeTracks: number; examplesOfWholeTracks: { id: number }[] };
        return { id, ...effect };
      }),
    );
    const marked = effects.find(({ wholeTracks }) => wholeTracks > 0);
    const gone = marked?.examplesOfWholeTracks[0]?.id ?? 0;
    const asker = tracks.find(
      ({ id }) => !effects.some((each) => each.examplesOfWholeTracks.some((of) => of.id === id)),
    );
    const other = asker?.id ?? tracks.find(({ id }) => id !== gone)?.id ?? 0;
    const found = async () => (await answerOf(other)).results.some(({ trackId }) => trackId === gone);
    expect(await found()).toBe(true);
    expect((await get<{ marks: unknown[] }>(`${api}/library/marks`)).marks).toEqual([]);

    const put = () => web.call(`${api}/library/marks/${marked?.id}`, json('PUT', {}));
    const job = await ended(await put());
    expect(job).toMatchObject({ kind: 'mark', state: 'done', askedBy: 'web:local', mark: { id: marked?.id } });
    expect((await put()).status).toBe(204);
    const { marks } = await get<{ marks: SeenJob[] }>(`${api}/library/marks`);
    expect(marks).toMatchObject([
      { id: marked?.id, chunks: job.mark.chunks, note: expect.stringContaining('web:local') },
    ]);
    await vi.waitFor(async () => expect(await found()).toBe(false), 100_000);
    // No other clustering was made, and the marked cluster says so.
    const after = await clusters();
    expect(after.generation).not.toBe(before.generation);
    expect(after.clusters.filter(({ isMarked }) => isMarked).map(({ id }) => id)).toEqual([marked?.id]);

    const lifted = await ended(await web.call(`${api}/library/marks/${marked?.id}`, { method: 'DELETE' }));
    expect(lifted).toMatchObject({ kind: 'unmark', state: 'done', mark: { id: marked?.id } });
    await vi.waitFor(async () => expect(await found()).toBe(true), 100_000);
    expect((await web.call(`${api}/library/marks/${marked?.id}`, { method: 'DELETE' })).status).toBe(404);
    const { jobs } = await get<{ jobs: SeenJob[] }>(`${api}/library/jobs`);
    expect(jobs.filter(({ kind }) => kind === 'clusters').length).toBe(1);
  });

  test('of an earlier clustering are refused', async () => {
    const response = await web.call(`${api}/library/marks/0123456789ab-1`, json('PUT', { dryRun: true }));
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'bad-request', status: 409 }]);
    for (const id of ['nonsense', '0123456789ab-0', `${'0'.repeat(12)}-1000`])
      expect((await web.call(`${api}/library/marks/${id}`, json('PUT', {}))).status).toBe(400);
  });

  test('are refused while nothing is indexed', async () => {
    await using empty = await makeWeb({ indexDir: path.join(library.folder, 'nothing') });
    const response = await empty.call(`${api}/library/clusters`);
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'index-empty' }]);
  });
});

describe('failures', () => {
  test('are tried again, one or all, by a reindex', slow, async () => {
    await using own = await makeLibrary();
    for (const name of ['one.ogg', 'two.ogg']) writeFileSync(path.join(own.music, name), 'This is no music.');
    await own.app.indexing.index({ library: new FolderLibrary(own.music), signal: never });
    await using served = await makeWeb(own);
    const failures = () => get<{ total: number; failures: SeenJob[] }>(`${api}/library/failures`, served);
    expect(await failures()).toMatchObject({
      total: 2,
      failures: [
        { key: 'one.ogg', tries: 1, retryAt: null },
        { key: 'two.ogg', tries: 1, retryAt: null },
      ],
    });
    const retry = (body: unknown) => served.call(`${api}/library/failures/retries`, postJson(body));
    // Its bytes do not change by themselves: only the tries show that it was read again.
    const job = await ended(await retry({ keys: ['one.ogg'] }), served);
    expect(job).toMatchObject({ state: 'done', askedBy: 'web:local', mode: 'changed' });
    expect((await failures()).failures.map(({ tries }) => tries)).toEqual([2, 1]);
    expect(await ended(await retry({}), served)).toMatchObject({ state: 'done' });
    expect((await failures()).failures.map(({ tries }) => tries)).toEqual([3, 2]);
    const unknown = await retry({ keys: ['three.ogg'] });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: 'not-found' }]);
    expect((await retry({ keys: [] })).status).toBe(400);

    // A repaired recording is indexed, and no failure any more.
    writePiece(path.join(own.music, 'one.ogg'), 8, 47);
    rmSync(path.join(own.music, 'two.ogg'));
    const opened = await served.call(`${api}/library/reindexes`, postJson({}));
    const refused = await retry({});
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'index-locked', retryable: true }]);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    await ended(opened, served);
    expect(await failures()).toEqual({ total: 0, failures: [] });
    const { reindexes } = await get<{ reindexes: SeenJob[] }>(`${api}/library/reindexes`, served);
    expect(reindexes.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });
});

describe('jobs', () => {
  test('back up the catalog, and the backup is listed with its age and size', slow, async () => {
    const job = await ended(await web.call(`${api}/library/backups`, { method: 'POST' }));
    expect(job).toMatchObject({ kind: 'backup', state: 'done', error: null, backup: { tracks: 6, removed: [] } });
    const { location, backups } = await get<{ location: string; backups: SeenJob[] }>(`${api}/library/backups`);
    expect(backups).toEqual([
      { name: path.basename(job.backup.location), madeAt: expect.any(String), sizeBytes: job.backup.sizeBytes },
    ]);
    expect(Date.now() - Date.parse(backups[0]?.madeAt)).toBeLessThan(slow.timeout);
    expect(inspectCatalogFile(path.join(location.slice('file:'.length), backups[0]?.name)).tracks).toBe(6);
  });

  test('check the index folder and repair it', slow, async () => {
    const check = (body: unknown) => web.call(`${api}/library/checks`, postJson(body));
    expect(await ended(await check({}))).toMatchObject({ kind: 'verify', state: 'done', findings: [] });
    rmSync(path.join(library.music, 'piece-5.ogg'));
    const deep = await ended(await check({ deep: true }));
    expect(deep.findings).toEqual([
      { where: 'recordings', what: expect.stringContaining('piece-5.ogg'), remedy: 'next-run' },
    ]);
    writePiece(path.join(library.music, 'piece-5.ogg'), 5, 47);
  });

  test('are cancelled, also before they begin, and then stay as they are', slow, async () => {
    const first = (await (await web.call(`${api}/library/checks`, postJson({ deep: true }))).json()) as SeenJob;
    const second = (await (await web.call(`${api}/library/backups`, { method: 'POST' })).json()) as SeenJob;
    const again = (await (await web.call(`${api}/library/backups`, { method: 'POST' })).json()) as SeenJob;
    expect(again.id).toBe(second.id);
    for (const { self } of [second, first]) expect((await web.call(self, { method: 'DELETE' })).status).toBe(204);
    await vi.waitFor(async () => {
      for (const { self } of [first, second])
        expect(await get(self)).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } });
    }, 60_000);
    expect((await web.call(second.self, { method: 'DELETE' })).status).toBe(204);
    expect((await web.call(`${api}/library/jobs/999999`)).status).toBe(404);
    expect((await web.call(`${api}/library/jobs/999999/events`)).status).toBe(404);
  });

  test('fail with the reason that their process gives', slow, async () => {
    await using broken = await makeWeb(library, { BACKUPS: path.join('file:', library.music, 'piece-1.ogg') });
    const job = await ended(await broken.call(`${api}/library/backups`, { method: 'POST' }), broken);
    expect(job).toMatchObject({
      state: 'failed',
      backup: null,
      error: { code: 'file-unreadable', reference: `job-${job.id}` },
    });
  });
});

describe('settings', () => {
  const put = (body: unknown) => web.call(`${api}/library/settings/schedule`, json('PUT', body));

  test('of the schedule say who set it and when it is due, and keep the channel of the bot', async () => {
    const { catalog } = library.app;
    catalog.schedule.set({ cron: '0 4 * * *', timeZone: 'UTC', setBy: '1', channelId: '42', locale: 'de' });
    expect(await get(`${api}/library/settings`)).toMatchObject({ schedule: { cron: '0 4 * * *', setBy: '1' } });
    const response = await put({ cron: '30 5 * * 1', timeZone: 'Europe/Berlin' });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { schedule: { cron: '30 5 * * 1', timeZone: 'Europe/Berlin', setBy: 'web:local', nextAt: expect.any(String) } },
    ]);
    expect(catalog.schedule.get()).toMatchObject({ channelId: '42', locale: 'de' });
    expect(web.logged.join('')).toContain('the schedule was changed');
    const ended = await web.call(`${api}/library/settings/schedule`, { method: 'DELETE' });
    expect(await ended.json()).toMatchObject({ schedule: null });
  });

  test.each([
    [{ cron: '* * * * *' }, 'too-often'],
    [{ cron: 'at noon' }, 'cron'],
    [{ cron: '0 4 * * *', timeZone: 'Mars/Olympus' }, 'time-zone'],
  ])('%j is refused', async (body, problem) => {
    const response = await put(body);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'bad-request', facts: { problem } }]);
  });

  test('of a Discord server that has some are changed, one by one', async () => {
    const { guildSettings } = library.app.catalog;
    guildSettings.set('77', { shareChannelId: '9', private: false });
    const patch = (id: string, body: unknown) => web.call(`${api}/library/settings/servers/${id}`, json('PATCH', body));
    expect(await (await patch('77', { results: 3 })).json()).toMatchObject({
      servers: [{ id: '77', results: 3, private: false }],
    });
    expect(await (await patch('77', { private: true })).json()).toMatchObject({
      servers: [{ id: '77', results: 3, private: true }],
    });
    expect(guildSettings.get('77')).toEqual({ shareChannelId: '9', private: true, results: 3 });
    expect((await patch('78', { results: 3 })).status).toBe(404);
    for (const body of [{}, { results: 11 }, { shareChannelId: '1' }])
      expect((await patch('77', body)).status).toBe(400);
  });

  test('a schedule that is due starts a reindex of the web server alone', slow, async () => {
    await using own = await makeLibrary();
    // Set three hours ago, so that it was due while no server was there.
    using earlier = new Catalog(own.app.catalog.path, { now: () => Date.now() - 3 * 3_600_000 });
    earlier.schedule.set({ cron: '0 * * * *', timeZone: 'UTC', setBy: '1', channelId: null, locale: 'en-US' });
    const { reindexes } = own.app.catalog;
    await using _served = await makeWeb(own);
    await vi.waitFor(() => expect(reindexes.last()).toMatchObject({ requestedBy: null, state: 'done' }), 200_000);
  });
});

describe('operations', () => {
  test('show the worker with its device, queue and versions, and the server', async () => {
    const { workers } = await get<{ workers: unknown[] }>(`${api}/workers`);
    const version = expect.stringMatching(/^\d+\.\d+\.\d+/);
    expect(workers).toMatchObject([
      {
        ...{ host: null, state: 'ready', error: null, version, queue: { running: 0, waiting: 0 } },
        models: [{ name: 'builtin', device: 'cpu', version: expect.any(String) }],
      },
    ]);
    expect(await get(`${api}/server`)).toMatchObject({
      ...{ version, node: process.version, queries: { running: 0, waiting: 0 } },
      disk: { usedBytes: expect.any(Number), freeBytes: expect.any(Number) },
    });
  });

  test('show each of several workers, and why one is not there, without addresses of the network', slow, async () => {
    const environment = {
      EMBEDDING_WORKER_URL: 'http://127.0.0.1:9 http://127.0.0.1:19',
      EMBEDDING_WORKER_TOKEN: 'x'.repeat(32),
    };
    await using down = await makeWeb(library, environment);
    const { workers } = await get<{ workers: SeenJob[] }>(`${api}/workers`, down);
    expect(workers.map(({ host, state, error }) => [host, state, error?.code])).toEqual([
      ['127.0.0.1:9', 'unavailable', 'worker-unavailable'],
      ['127.0.0.1:19', 'unavailable', 'worker-unavailable'],
    ]);
  });
});
