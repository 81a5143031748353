import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type APIMessage, REST } from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { deleteExpired } from '../../../src/answering/housekeeping.ts';
import { FolderLibrary } from '../../../src/library/folder.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, never, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { answerIdOf, answerTo, excerpt, headlineOf, isPrivate, saying } from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let answer: APIMessage;
/** A message with buttons that this version did not write. */
let old: APIMessage;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  ada = bot.discord.addUser({ name: 'Ada' });
  bob = bot.discord.addUser({ name: 'Bob' });
  answer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }));
  old = await postOldButtons();
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

const withClips = ({ attachments }: APIMessage) => attachments.length === 3;

const foreignIds = ['lm0:listen:abcdefghijkl:1', 'lm9:anything', 'lm1:no-such-action:1'];
const forgottenIds = [
  'lm1:listen:abcdefghijkl:1',
  'lm1:more:abcdefghijkl:1',
  'lm1:share:abcdefghijkl',
  'lm1:again:abcdefghijkl',
];
const damagedIds = () => ['lm1:listen', `lm1:listen:${answerIdOf(answer)}:99`, `lm1:more:${answerIdOf(answer)}:77`];

/** One message for all of them: a second client of one account knows nothing of the first one's rate limits. */
async function postOldButtons(): Promise<APIMessage> {
  const ids = [...foreignIds, ...forgottenIds, ...damagedIds()];
  const buttons = ids.map((id) => ({ type: 2, style: 2, custom_id: id, label: id }));
  const components = [buttons.slice(0, 5), buttons.slice(5)].map((row) => ({ type: 1, components: row }));
  const path = `/channels/${bot.discord.defaultChannelId}/messages` as const;
  const rest = new REST({ api: bot.discord.apiUrl }).setToken(bot.discord.token);
  return (await rest.post(path, { body: { content: 'of old', components } })) as APIMessage;
}

describe('a repeated query with equal bytes', () => {
  test('is answered from the cache for any user and file name, with an own answer for each user', async () => {
    const clip = { ...excerpt(library, 5, 0, 40), name: 'renamed.mp3' };
    const message = await answerTo(await bob.slash('similar', { clip, results: 2 }));
    expect(message.content).toContain('Cached answer');
    expect(answerIdOf(message)).not.toBe(answerIdOf(answer));
  });

  test('runs again with other options', async () => {
    const message = await answerTo(await bob.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 3 }));
    expect(message.content).not.toContain('Cached answer');
    expect(answerIdOf(message)).not.toBe(answerIdOf(answer));
  });
});

describe('buttons', () => {
  test('work after 16 minutes, since each press is a new interaction', async () => {
    bot.discord.advance(16 * 60_000);
    const clips = await (await bob.select(answer, 'Listen to a piece', ['2'])).until(withClips, 100_000);
    expect(clips.content).toContain('**2. ');
  });

  test('work after a restart', async () => {
    await bot.restart();
    const clips = await (await bob.select(answer, 'Listen to a piece', ['1'])).until(withClips, 100_000);
    expect(clips.content).toContain('**1. piece-5**');
    const more = await answerTo(await ada.press(answer, 'More (3 to 4)'));
    expect(more.content).toContain('**3. ');
    await saying(await bob.select(answer, 'Rate a piece', ['up-2']), 'Saved: 👍');
    await saying(await bob.press(answer, 'Share'), 'Which result');
    await answerTo(await bob.select(answer, 'Query with one of these pieces', ['1']));
  });

  test.each(foreignIds)('of another version (%s) say so, privately, and leave their message', async (customId) => {
    const said = await saying(await ada.press(old, customId), 'from another version of the bot');
    expect(isPrivate(said)).toBe(true);
    const there = bot.discord.messages(bot.discord.defaultChannelId).find(({ id }) => id === old.id);
    expect(there?.content).toBe('of old');
  });

  test.each(forgottenIds)('of an answer that is no longer stored (%s) say so', async (customId) => {
    const said = await saying(await ada.press(old, customId), 'This answer is no longer stored');
    expect(isPrivate(said)).toBe(true);
  });

  test('with damaged arguments get a reply', async () => {
    for (const customId of damagedIds()) {
      const press = await ada.press(old, customId);
      const said = await press.until(({ content, embeds }) => content !== '' || embeds.length > 0, 100_000);
      expect(isPrivate(said)).toBe(true);
      expect(said.content).not.toContain('went wrong on my side');
    }
  });
});

describe('after the library has changed', () => {
  const title = `@everyone **bold** [x](https://evil.example) <@1> \u202eltr ${'long '.repeat(60)}`;

  test('More offers to run the query again, which answers from the new library', async () => {
    const tags = ['-metadata', `title=${title}`, '-metadata', 'artist=@here `code` ||spoiler||'];
    writePiece(path.join(library.music, 'hostile.mp3'), 7, 47, tags);
    await bot.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
    const offered = await saying(await ada.press(answer, 'More (3 to 4)'), 'The library has changed');
    const fresh = await answerTo(await ada.press(offered, 'Run again'));
    expect(headlineOf(fresh)).toMatch(/^This is piece-5/);
    expect(answerIdOf(fresh)).not.toBe(answerIdOf(answer));
    expect(isPrivate(fresh)).toBe(true);
  });

  test('a removed track is reported, with an offer to run the query again', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 3) }));
    const [, second = ''] = /^\*\*2\. (.+?)\*\*/m.exec(message.content) ?? [];
    const [track] = bot.app.catalog.tracks.search(second, 1);
    if (!track) throw new Error(`Expected to find ${second}`);
    bot.app.catalog.removals.remove([track.key], 'request');
    const gone = await saying(
      await bob.select(message, 'Listen to a piece', ['2']),
      'This piece has been removed from the library',
    );
    const fresh = await answerTo(await bob.press(gone, 'Run again'));
    expect(fresh.content).not.toContain(`. ${second}**`);
  });

  test('Listen on the old answer still plays it', async () => {
    const clips = await (await bob.select(answer, 'Listen to a piece', ['1'])).until(withClips, 100_000);
    expect(clips.content).toContain('**1. piece-5**');
  });

  test('a title with mentions, Markdown, bidi controls and 300 characters mentions nobody and breaks nothing', async () => {
    const clip = { name: '@everyone [a](b) **c**.mp3', data: readFileSync(path.join(library.music, 'hostile.mp3')) };
    const asked = await ada.slash('similar', { clip });
    const message = await answerTo(asked);
    const { content } = message;
    expect(headlineOf(message)).toMatch(/^This is /);
    expect(headlineOf(message).length).toBeLessThanOrEqual(256);
    // Labels, file names and alt texts have no Markdown and no mentions; bidi controls are allowed nowhere.
    expect(content).not.toMatch(/@everyone|@here|<@1>/);
    expect(JSON.stringify(message)).not.toContain('\u202e');
    expect(content).not.toMatch(/(?<!\\)\[x\]/);
    expect(content).toContain('\\*\\*bold\\*\\*');
    for (const { message: state } of asked.edits) expect(state.mention_everyone).toBe(false);
    const clips = await (await bob.select(message, 'Listen to a piece', ['1'])).until(withClips, 100_000);
    expect(clips.content).not.toMatch(/@everyone|@here|\u202e/);
    const [choice] = await ada.autocomplete('similar', 'piece', 'everyone');
    expect(choice?.name.length).toBeLessThanOrEqual(100);
    const posted = await saying(await bob.press(clips, 'Share'), 'Posted in');
    expect(posted.mention_everyone).toBe(false);
    const everything = bot.discord.messages(bot.discord.defaultChannelId);
    expect(everything.filter(({ mention_everyone, mentions }) => mention_everyone || mentions.length > 0)).toEqual([]);
  });
});

test('an expired answer is deleted with its clips, and its buttons report it', async () => {
  await deleteExpired(bot.app, Date.now() + 31 * 86_400_000);
  const said = await saying(
    await ada.select(answer, 'Listen to a piece', ['1']),
    'This answer is no longer stored. Please run the query again',
  );
  expect(isPrivate(said)).toBe(true);
});
