import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Question } from '../../src/answering/question.ts';
import { type ResolvingParts, resolveSource } from '../../src/answering/resolve-source.ts';
import type { StoredAnswer } from '../../src/query/stored-answer.ts';
import { excerpt, failureOf } from '../discord/bot/asking.ts';
import { makeBot } from '../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../support/library.ts';

let library: TestLibrary;

beforeAll(async () => {
  library = await makeLibrary();
});

afterAll(() => library[Symbol.asyncDispose]());

test('leaves no fetched file on the disk when the worker is unavailable', async () => {
  const indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-empty-'));
  {
    const environment = { EMBEDDING_WORKER_URL: 'http://127.0.0.1:9', EMBEDDING_WORKER_TOKEN: 'any' };
    await using deaf = await makeBot({ indexDir }, { environment });
    const bob = deaf.discord.addUser({ name: 'Bob' });
    await failureOf(await bob.slash('similar', { clip: excerpt(library, 1) }));
    expect(readdirSync(path.join(indexDir, 'spool', '0'))).toEqual([]);
  }
  rmSync(indexDir, { recursive: true, force: true });
});

test('runs a query with a library track again without opening a file', async () => {
  const { app } = library;
  const [track] = app.catalog.tracks.search('piece-3', 1);
  if (!track) throw new Error('Expected to find piece-3');
  const options = { fromSec: null, toSec: null, results: 10, sameArtist: false, focus: 'balanced' as const };
  const source = { kind: 'piece', name: 'piece-3', trackId: track.id } as const;
  const stored = { source, options, contentSha256: '' } as unknown as StoredAnswer;
  using opened = vi.spyOn(app.libraries, 'current');
  const question: Question = { asked: { kind: 'again', stored }, options };
  const parts: ResolvingParts = { services: app, spoolDir: library.folder, trustedOrigins: [] };
  const { signal } = new AbortController();
  await using atHand = await resolveSource(question, parts, { signal, onStage: () => {} });
  expect(atHand).toMatchObject({ path: null, leaveOut: track.id });
  expect(atHand.recording?.chunks.length).toBeGreaterThan(3);
  expect(opened).not.toHaveBeenCalled();
});
