/** Reindexing over the API, with the real indexing process. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { ProcessLock } from '../../src/io/process-lock.ts';
import { indexPathsOf } from '../../src/services/index-paths.ts';
import type { TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';
import { postJson, type TestWeb, useWeb } from './running-web.ts';

interface SeenReindex {
  readonly id: number;
  readonly state: string;
  readonly self: string;
  readonly events: string;
  readonly endedAt: string | null;
}

let library: TestLibrary;
let web: TestWeb;

useWeb((made) => {
  ({ library, web } = made);
});

const address = '/api/v1/library/reindexes';

async function begin(body: object): Promise<SeenReindex> {
  const response = await web.call(address, postJson(body));
  expect(response.status).toBe(202);
  return (await response.json()) as SeenReindex;
}

test('a dry run says what would be done, and does nothing', async () => {
  writePiece(path.join(library.music, 'piece-7.ogg'), 7, 47);
  rmSync(path.join(library.music, 'piece-1.ogg'));
  const response = await web.call(address, postJson({ dryRun: true }));
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { files: { added: 1, removed: 1, unchanged: 5 } },
  ]);
  expect(library.app.catalog.reindexes.last()).toBeNull();
});

/** The indexing process has low priority, so a busy machine gives it little. */
const slow = { timeout: 240_000 };

test('a job is followed by its events to its end, and the server answers from the new index', slow, async () => {
  const job = await begin({});
  const events = await (await web.call(job.events)).text();
  const states = [...events.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as SeenReindex);
  expect(states.at(-1)).toMatchObject({ id: job.id, state: 'done', error: null });
  expect(await (await web.call(job.self)).json()).toEqual(states.at(-1));
  const tracks = async () =>
    (await (await web.call('/api/v1/tracks?q=piece-7')).json()) as { tracks: { id: number }[] };
  const [track] = (await tracks()).tracks;
  await vi.waitFor(async () => {
    const answer = await (await web.call(`/api/v1/tracks/${track?.id}/similar`)).json();
    expect(answer).toMatchObject({ results: { length: 5 } });
  }, 20_000);
});

test('a job is cancelled, and then stays as it is', async () => {
  const job = await begin({ mode: 'everything' });
  // While one is open, it is the answer to another request.
  expect((await begin({})).id).toBe(job.id);
  expect((await web.call(job.self, { method: 'DELETE' })).status).toBe(204);
  const seen = (await (await web.call(job.self)).json()) as SeenReindex;
  expect(seen.state).toBe('cancelled');
  expect((await web.call(job.self, { method: 'DELETE' })).status).toBe(204);
  expect((await web.call(`${address}/999999`)).status).toBe(404);
});

test('a job waits while another program over the index runs jobs', slow, async () => {
  const lockPath = indexPathsOf({ indexDir: library.indexDir }).jobsLock;
  const lock = await vi.waitFor(() => ProcessLock.take(lockPath) ?? Promise.reject(new Error('taken')), 100_000);
  const job = await begin({});
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(((await (await web.call(job.self)).json()) as SeenReindex).state).toBe('waiting');
  lock.release();
  await vi.waitFor(async () => {
    expect(((await (await web.call(job.self)).json()) as SeenReindex).state).toBe('done');
  }, 200_000);
});
