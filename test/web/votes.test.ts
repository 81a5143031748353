/** Votes over the API: one a caller and result, replaced, withdrawn, private to the caller, and gone with their data. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLibrary, type TestLibrary } from '../support/library.ts';
import { addKey, ended, formOf, makeWeb, type SeenQuery, type TestWeb } from './running-web.ts';

let library: TestLibrary;
let web: TestWeb;
let keys: { ada: string; bo: string };

beforeAll(async () => {
  library = await makeLibrary();
  keys = { ada: await addKey(library, 'Ada', 'query'), bo: await addKey(library, 'Bo', 'query') };
  web = await makeWeb(library);
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

const me = async (key: string) => (await (await web.call('/api/v1/me', { key })).json()) as { id: string };

async function asked(key: string): Promise<SeenQuery & { votes: Record<string, string> }> {
  const body = formOf(new Uint8Array(readFileSync(path.join(library.music, 'piece-1.ogg'))), 'one.ogg');
  const query = (await (await web.call('/api/v1/queries', { method: 'POST', body, key })).json()) as SeenQuery;
  return (await ended(web, query.self, key)) as SeenQuery & { votes: Record<string, string> };
}

function vote(at: string, rank: number, value: string, key: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ vote: value });
  return web.call(`${at}/results/${rank}/vote`, { method: 'PUT', body, headers, key });
}

test('a vote is stored for its caller only, replaced, and withdrawn', async () => {
  const [ada, bo] = [await asked(keys.ada), await asked(keys.bo)];
  const at = ada.permanent ?? '';
  const votesOf = async (seen: SeenQuery, key: string) =>
    ((await (await web.call(seen.permanent ?? '', { key })).json()) as { votes: object }).votes;
  expect(ada.votes).toEqual({});
  expect((await vote(at, 2, 'up', keys.ada)).status).toBe(204);
  expect((await vote(at, 1, 'down', keys.ada)).status).toBe(204);
  expect(await votesOf(ada, keys.ada)).toEqual({ 1: 'down', 2: 'up' });
  // The same recording, asked by somebody else.
  expect(await votesOf(bo, keys.bo)).toEqual({});
  expect((await vote(at, 2, 'down', keys.ada)).status).toBe(204);
  expect(await votesOf(ada, keys.ada)).toEqual({ 1: 'down', 2: 'down' });
  expect(await me(keys.ada)).toMatchObject({ name: 'Ada', way: 'key', scope: 'query', stored: { votes: 2 } });
  for (const _ of [1, 2])
    expect((await web.call(`${at}/results/2/vote`, { method: 'DELETE', key: keys.ada })).status).toBe(204);
  expect(await votesOf(ada, keys.ada)).toEqual({ 1: 'down' });
  // It is in the table of the bot's thumbs.
  const row = { contentSha256: '', spaceId: ada.answer.spaceId, trackId: ada.answer.results[0].trackId };
  const stored = library.app.catalog.answers.get(at.split('/').at(-1) ?? '');
  const userId = (await me(keys.ada)).id;
  expect(library.app.catalog.feedback.voteOf({ ...row, contentSha256: stored?.contentSha256 ?? '', userId })).toBe(-1);
});

test("a vote on nothing, of no kind, or on another caller's answer is refused", async () => {
  const { permanent } = await asked(keys.ada);
  const at = permanent ?? '';
  expect((await vote(at, 1, 'sideways', keys.ada)).status).toBe(400);
  expect((await vote(at, 99, 'up', keys.ada)).status).toBe(410);
  expect((await vote(at, 1, 'up', keys.bo)).status).toBe(404);
  expect((await web.call(`${at}/results/1/vote`, { method: 'DELETE', key: keys.bo })).status).toBe(404);
});

test("a caller's data is deleted on request, and nobody else's", async () => {
  const [ada, bo] = [await asked(keys.ada), await asked(keys.bo)];
  await vote(bo.permanent ?? '', 1, 'up', keys.bo);
  await vote(ada.permanent ?? '', 1, 'up', keys.ada);
  const deleted = await web.call('/api/v1/me/data', { method: 'DELETE', key: keys.ada });
  expect(await deleted.json()).toMatchObject({ votes: 1, answers: 1 });
  expect((await web.call(ada.permanent ?? '', { key: keys.ada })).status).toBe(404);
  expect(await me(keys.ada)).toMatchObject({ stored: { votes: 0, answers: 0, embeddings: 0 } });
  expect(await me(keys.bo)).toMatchObject({ stored: { votes: 1, answers: 1 } });
});

test('the ids of callers expire like those of Discord users', async () => {
  await vote((await asked(keys.bo)).permanent ?? '', 1, 'up', keys.bo);
  library.app.catalog.people.expireIds(Date.now() + 60_000);
  expect(await me(keys.bo)).toMatchObject({ stored: { votes: 0 } });
});
