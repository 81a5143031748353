/** The answer cache: equal bytes are not computed again; user and file name stay private. */
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { deleteExpired } from '../../../src/answering/housekeeping.ts';
import { FolderLibrary } from '../../../src/library/folder.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, never, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { answerIdOf, answerTo, download, excerpt, headlineOf, newPiece, saying } from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let ofAda: APIMessage;
let ofBob: APIMessage;

const referenceOf = (message: APIMessage) => answerIdOf(message) ?? '';
const withClips = ({ attachments }: APIMessage) => attachments.length === 3;
const listenTo = async (who: Person, message: APIMessage) =>
  (await who.select(message, 'Listen to a piece', ['1'])).until(withClips, 100_000);

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  ada = bot.discord.addUser({ name: 'Ada' });
  bob = bot.discord.addUser({ name: 'Bob' });
  const { data } = excerpt(library, 5, 0, 40);
  ofAda = await answerTo(
    await ada.slash('similar', { clip: { name: 'adas-secret-demo.mp3', data }, private: true, results: 2 }),
  );
  await listenTo(ada, ofAda);
  ofBob = await answerTo(await bob.slash('similar', { clip: { name: 'bobs.mp3', data }, results: 2 }));
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

describe("a public query with the bytes of another user's private query", () => {
  test("is answered from the cache, under the second user's file name", () => {
    expect(ofBob.content).toContain('Cached answer');
    expect(headlineOf(ofBob)).toBe(headlineOf(ofAda));
    expect(ofBob.content).toContain('Query: **bobs.mp3**');
    expect(JSON.stringify(ofBob)).not.toContain('adas-secret');
  });

  test("plays the second user's own file, with its own name", async () => {
    const { attachments } = await listenTo(bob, ofBob);
    for (const { url } of attachments) expect((await download(url)).includes('adas-secret')).toBe(false);
    const [, yours] = attachments;
    expect((await download(yours?.url ?? '')).includes('bobs.mp3')).toBe(true);
  });

  test('belongs to the second user: further queries are public, and shared results carry their name', async () => {
    const next = await answerTo(await bob.select(ofBob, 'Query with one of these pieces', ['1']));
    expect((next.flags ?? 0) & 64).toBe(0);
    const choice = await saying(await bob.press(ofBob, 'Share'), 'Which result');
    await saying(await bob.select(choice, 'Choose a piece', ['1']), 'Posted in');
    const shared = JSON.stringify(bot.discord.messages(bot.discord.defaultChannelId));
    expect(shared).toContain(`<@${bob.id}>`);
    expect(shared).not.toContain(`<@${ada.id}>`);
    expect(shared).not.toContain('adas-secret');
  });

  test("keeps the name from the recording's tags", async () => {
    const { data } = newPiece(81, 20, 'titled.mp3', ['-metadata', 'title=The Title Within']);
    await answerTo(await ada.slash('similar', { clip: { name: 'adas-secret-demo.mp3', data }, private: true }));
    const message = await answerTo(await bob.slash('similar', { clip: { name: 'bobs.mp3', data } }));
    expect(message.content).toContain('Query: **The Title Within**');
    expect(JSON.stringify(message)).not.toContain('adas-secret');
  });
});

test('a user who repeats a query keeps the same answer', async () => {
  const clip = { name: 'bobs.mp3', data: excerpt(library, 5, 0, 40).data };
  const message = await answerTo(await bob.slash('similar', { clip, results: 2 }));
  expect(referenceOf(message)).toBe(referenceOf(ofBob));
});

test("after run again over a changed library, the new answer's clips still play, though the recording is not stored", async () => {
  writePiece(path.join(library.music, 'new-since.mp3'), 9, 47);
  await bot.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
  const offered = await saying(await bob.press(ofBob, 'More (3 to 4)'), 'The library has changed');
  const fresh = await answerTo(await bob.press(offered, 'Run again'));
  expect(fresh.content).not.toContain('Cached answer');
  const { attachments } = await listenTo(bob, fresh);
  expect(attachments).toHaveLength(3);
});

describe('computed or cached', () => {
  test.each([
    ['from memory', 82, 5],
    ['with other options', 83, 3],
  ])('an answer %s is not deleted with an older one, and its embedding is kept as long', async (_, seed, results) => {
    const { data } = newPiece(seed);
    const older = await answerTo(await ada.slash('similar', { clip: { name: 'adas.mp3', data }, private: true }));
    const catalog = new DatabaseSync(path.join(library.indexDir, 'catalog.sqlite'));
    for (const table of ['answers', 'heard']) catalog.exec(`UPDATE ${table} SET created_at_ms = 1`);
    catalog.close();
    const message = await answerTo(await bob.slash('similar', { clip: { name: 'bobs.mp3', data }, results }));
    expect(message.content.includes('Cached answer')).toBe(results === 5);
    await deleteExpired(bot.app, Date.now());
    await saying(await ada.select(older, 'Listen to a piece', ['1']), 'This answer is no longer stored');
    await listenTo(bob, message);
    const { contentSha256 = '', spaceId = '' } = bot.app.catalog.answers.get(referenceOf(message)) ?? {};
    expect(bot.app.catalog.embeddingCache.get({ contentSha256, spaceId, part: '0-' })).not.toBeNull();
  });
});
