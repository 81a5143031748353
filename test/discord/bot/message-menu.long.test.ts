import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileToUpload, Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, asABot, excerpt, failureOf, headlineOf, isPrivate, optionsOf, saying } from './asking.ts';

const menu = 'Find similar music';
let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;

beforeAll(async () => {
  library = await makeLibrary();
  // Enough neighbours to find another track too: a track has five chunks.
  bot = await makeBot(library, { environment: { NEIGHBOURS: '12' } });
  ada = bot.discord.addUser({ name: 'Ada' });
  bob = bot.discord.addUser({ name: 'Bob' });
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

const post = (content: string, files: FileToUpload[] = []) => ada.post(bot.discord.defaultChannelId, content, files);
const use = (message: APIMessage, who = bob) => who.messageCommand(menu, message.channel_id, message.id);
const picture: FileToUpload = { name: 'cover.png', data: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1') };

describe('"Find similar music" in the menu of a message', () => {
  test('queries with its recording, in public, whatever else is attached', async () => {
    const message = await post('https://example.org/elsewhere.mp3', [picture, excerpt(library, 2)]);
    const answer = await answerTo(await use(message));
    expect(headlineOf(answer)).toMatch(/^This is piece-2/);
    expect(isPrivate(answer)).toBe(false);
  });

  test('lets the user choose among several recordings, then queries with the choice', async () => {
    const message = await post('two of them', [excerpt(library, 3), excerpt(library, 4)]);
    const question = await saying(await use(message), 'Which one should I use as the query?');
    const options = optionsOf(question, 'Choose one');
    expect(options.map(({ label }) => label)).toEqual(['1. excerpt-3-10.mp3', '2. excerpt-4-10.mp3']);
    const answer = await answerTo(await bob.select(question, 'Choose one', [options[1]?.value ?? '']));
    expect(headlineOf(answer)).toMatch(/^This is piece-4/);
    expect(answer.content).toContain('Query: **excerpt-4-10.mp3**');
  });

  test('lets the user choose among links when there are only links', async () => {
    const message = await post('https://one.example/a.mp3 and <https://two.example/b.mp3>.');
    const question = await saying(await use(message), 'Which one should I use as the query?');
    expect(optionsOf(question, 'Choose one').map(({ label }) => label)).toEqual(['1. one.example', '2. two.example']);
    expect(question.embeds.map(({ url }) => url)).toEqual(['https://one.example/a.mp3', 'https://two.example/b.mp3']);
  });

  test('refuses a link to this machine', async () => {
    const failed = await failureOf(await use(await post('http://127.0.0.1:9999/a.mp3')));
    expect(failed.content).toContain('public addresses');
    expect(isPrivate(failed)).toBe(true);
  });

  test('reports a message without a recording or a link', async () => {
    const failed = await failureOf(await use(await post('just words', [picture])));
    expect(failed.content).toContain('This message contains no recording and no link');
    expect(isPrivate(failed)).toBe(true);
  });

  test('queries with the recording of the message that a reply refers to', async () => {
    const { id, channel_id } = await post('listen to this', [excerpt(library, 3)]);
    const body = { content: 'what is it?', message_reference: { message_id: id } };
    const headers = { ...asABot, authorization: `Bot ${bot.discord.token}`, 'content-type': 'application/json' };
    const url = `${bot.discord.apiUrl}/v10/channels/${channel_id}/messages`;
    const sent = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = await answerTo(await use((await sent.json()) as APIMessage));
    expect(headlineOf(answer)).toMatch(/^This is piece-3/);
    expect(answer.content).toContain('Query: **excerpt-3-10.mp3**');
  });

  test("is private when the server's default is private", async () => {
    bot.app.catalog.guildSettings.set(bot.discord.defaultGuildId, { private: true, results: 1 });
    const answer = await answerTo(await use(await post('', [excerpt(library, 5)])));
    expect(isPrivate(answer)).toBe(true);
    expect(answer.content).not.toContain('**2. ');
    bot.app.catalog.guildSettings.set(bot.discord.defaultGuildId, { private: false, results: null });
  });
});

const linkTo = ({ id, channel_id }: APIMessage) =>
  `https://discord.com/channels/${bot.discord.defaultGuildId}/${channel_id}/${id}`;

test('/similar queries with the link of a message whose files the bot sees', async () => {
  const two = await post(`<@${bot.discord.botUserId}> two of them`, [excerpt(library, 1), excerpt(library, 3)]);
  const question = await saying(
    await bob.slash('similar', { link: linkTo(two), private: true }),
    'Which one should I use as the query?',
  );
  expect(optionsOf(question, 'Choose one').map(({ label }) => label)).toEqual([
    '1. excerpt-1-10.mp3',
    '2. excerpt-3-10.mp3',
  ]);
  const answer = await answerTo(
    await bob.select(question, 'Choose one', [optionsOf(question, 'Choose one')[1]?.value ?? '']),
  );
  expect(headlineOf(answer)).toMatch(/^This is piece-3/);
});

describe("one of the bot's own answers", () => {
  let mine: APIMessage;
  beforeAll(async () => {
    mine = await answerTo(await ada.slash('similar', { clip: excerpt(library, 1) }));
    expect(headlineOf(mine)).toMatch(/^This is piece-1/);
  });

  test('queries with its clip, by its link', async () => {
    const answer = await answerTo(await bob.slash('similar', { link: linkTo(mine), private: true }));
    expect(headlineOf(answer)).toMatch(/^This is piece-1/);
    expect(answer.content).toMatch(/Query: \*\*piece-1 \\\(0:\d\d\\\)\*\*, 0:10/);
  });

  test('queries with its clip, from its menu', async () => {
    const answer = await answerTo(await use(mine));
    expect(headlineOf(answer)).toMatch(/^This is piece-1/);
  });

  test('lets the user choose among the clips of a shared find, by its link and from its menu', async () => {
    const choice = await saying(await ada.press(mine, 'Share'), 'Which result');
    await saying(await ada.select(choice, 'Choose a piece', ['1']), 'Posted in');
    const find = bot.discord.messages(mine.channel_id).at(-1);
    if (!find) throw new Error('Expected a post');
    for (const asked of [await use(find), await bob.slash('similar', { link: linkTo(find), private: true })]) {
      const question = await saying(asked, 'Which one should I use as the query?');
      const names = optionsOf(question, 'Choose one').map(({ label }) => label);
      expect(names).toEqual([
        expect.stringMatching(/^1\. 01-piece-1-theirs/),
        expect.stringMatching(/^2\. 01-piece-1-yours/),
        '3. 01-piece-1-ab.mp3',
      ]);
    }
  });
});
