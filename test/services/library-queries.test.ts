/** Queries about the library, answered by their own process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { LeitmotifError } from '../../src/errors.ts';
import { LibraryQueries } from '../../src/services/library-queries.ts';
import { until } from '../discord/library/jobs.ts';
import { descendantsRunning } from '../embedding-worker/processes.ts';
import { Azurite } from '../support/azurite.ts';
import { atFullPriority, projectRoot } from '../support/library.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-library-queries-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function deskOf(environment: Record<string, string> = {}): LibraryQueries {
  const config = readConfig(
    { INDEX_DIR: path.join(folder, 'index'), LOG_LEVEL: 'silent', ...atFullPriority, ...environment },
    projectRoot,
  );
  return new LibraryQueries({ root: projectRoot, environment: process.env, config });
}

/** The processes that this test has started. */
function asking() {
  return descendantsRunning(process.pid, 'index-job');
}

test('answers equal concurrent queries with one process, and others one by one', async () => {
  const libraryQueries = deskOf();
  const answers = [libraryQueries.counts(), libraryQueries.counts(), libraryQueries.failures(10)];
  await until(() => asking().length > 0, 'a process');
  expect(asking()).toHaveLength(1);
  const [counts, same, failures] = await Promise.all(answers);
  expect(counts).toMatchObject({ tracks: { indexed: 0, failed: 0, removed: 0 }, spaces: [] });
  expect(same).toBe(counts);
  expect(failures).toEqual({ total: 0, shown: [] });
  expect(asking()).toEqual([]);
});

test('reports that no library is configured, or that it is missing', async () => {
  await expect(deskOf().plan('changed')).rejects.toMatchObject({ code: 'config-invalid' });
  const gone = deskOf({ LIBRARY: `file:${path.join(folder, 'gone')}` });
  await expect(gone.plan('changed')).rejects.toMatchObject({ code: 'file-unreadable' });
});

test('plans a reindex of several libraries, one of them in Azure, with clips', async () => {
  await using azurite = await Azurite.start();
  await (await azurite.container('music')).getBlockBlobClient('far.flac').upload('x'.repeat(1000), 1000);
  mkdirSync(path.join(folder, 'near'));
  writeFileSync(path.join(folder, 'near', 'near.flac'), 'y'.repeat(500));
  const libraryQueries = deskOf({
    ...azurite.environment,
    INDEX_DIR: path.join(folder, 'two'),
    LIBRARY: `near=file:${path.join(folder, 'near')}; far=azure://devstoreaccount1/music`,
    CLIPS: 'azure://devstoreaccount1/clips',
  });
  const plan = await libraryQueries.plan('changed');
  expect(plan).toMatchObject({ files: { listed: 2, added: 2 }, bytes: 1500, clips: { files: 2 } });
});

test('refuses queries when the queue is full, and rejects waiting ones when the bot stops', async () => {
  const libraryQueries = deskOf();
  const asked = Array.from({ length: 12 }, (_, at) =>
    libraryQueries.failures(at).catch(({ code }: LeitmotifError) => code),
  );
  await until(() => asking().length > 0, 'a process');
  await libraryQueries.close();
  expect(asking()).toEqual([]);
  const codes = await Promise.all(asked);
  expect(codes.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => 'stopping'));
  expect(codes.slice(9)).toEqual(['queue-full', 'queue-full', 'queue-full']);
  await expect(libraryQueries.counts()).rejects.toMatchObject({ code: 'stopping' });
});
