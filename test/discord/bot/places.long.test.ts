/** Forwarded messages, direct messages, and threads that the bot has not cached. */
import { type APIMessage, ChannelType } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, embedOf, excerpt, failureOf, headlineOf, isPrivate, labelsOf, optionsOf, saying } from './asking.ts';

const menu = 'Find similar music';
const which = 'Which one should I use as the query?';
let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let other: string;
/** The threads exist before the bot starts, archived or hidden from it, so it never caches them. */
const threads: Record<string, string> = {};

beforeAll(async () => {
  library = await makeLibrary();
  // Enough neighbours to find other tracks too.
  bot = await makeBot(library, { environment: { NEIGHBOURS: '12' } });
  const { discord } = bot;
  ada = discord.addUser({ name: 'Ada' });
  bob = discord.addUser({ name: 'Bob' });
  other = discord.addChannel(discord.defaultGuildId, { name: 'other' });
  const add = (name: string, type: ChannelType.PublicThread | ChannelType.PrivateThread, memberIds: string[]) => {
    const id = discord.addThread(discord.defaultChannelId, { name, type, ownerId: ada.id, memberIds });
    discord.archiveThread(id);
    threads[name] = id;
  };
  add('a public thread', ChannelType.PublicThread, []);
  add('a private thread with the bot', ChannelType.PrivateThread, [bob.id, discord.botUserId]);
  add('an archived thread', ChannelType.PublicThread, []);
  add('a private thread without the bot', ChannelType.PrivateThread, [bob.id]);
  await bot.restart();
  for (const [name, id] of Object.entries(threads)) if (name !== 'an archived thread') await ada.post(id, 'Hello');
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  // Share tries to post into the private thread that the bot cannot see, and Eve is not in the other one.
  expect(violations.filter(({ code }) => ![50_001, 10_007].includes(code))).toEqual([]);
});

const threadCalled = (name: string): string => {
  const id = threads[name];
  if (id === undefined) throw new Error(`There is no ${name}`);
  return id;
};
/** The bot sees the files of a message that mentions it. */
const toBot = (words: string) => `<@${bot.discord.botUserId}> ${words}`;
const withClips = ({ attachments }: APIMessage) => attachments.length === 3;
const linkTo = ({ id, channel_id }: APIMessage) =>
  `https://discord.com/channels/${bot.discord.defaultGuildId}/${channel_id}/${id}`;

describe('"Find similar music" on a forwarded message', () => {
  const forwarded = async (content: string, files: Parameters<Person['post']>[2], to = other) =>
    ada.forward(await ada.post(bot.discord.defaultChannelId, content, files), to);
  const use = (message: APIMessage, who = bob) => who.messageCommand(menu, message.channel_id, message.id);

  test('queries with its attachment', async () => {
    const answer = await answerTo(await use(await forwarded('Listen', [excerpt(library, 2)])));
    expect(headlineOf(answer)).toMatch(/^This is piece-2/);
    expect(answer.content).toContain('Query: **excerpt-2-10.mp3**');
    expect(isPrivate(answer)).toBe(false);
  });

  test('queries with the attachment after the original message was deleted', async () => {
    const original = await ada.post(bot.discord.defaultChannelId, 'Listen', [excerpt(library, 3)]);
    const message = await ada.forward(original, other);
    bot.discord.deleteMessage(original.channel_id, original.id);
    expect(headlineOf(await answerTo(await use(message)))).toMatch(/^This is piece-3/);
  });

  test('lets the user choose among several attachments', async () => {
    const files = [excerpt(library, 3), excerpt(library, 4)];
    const question = await saying(await use(await forwarded('Two', files)), which);
    const options = optionsOf(question, 'Choose one');
    expect(options.map(({ label }) => label)).toEqual(['1. excerpt-3-10.mp3', '2. excerpt-4-10.mp3']);
    const answer = await answerTo(await bob.select(question, 'Choose one', [options[1]?.value ?? '']));
    expect(headlineOf(answer)).toMatch(/^This is piece-4/);
  });

  test('follows its link to a message', async () => {
    const mine = await answerTo(await ada.slash('similar', { clip: excerpt(library, 1) }));
    const answer = await answerTo(await use(await forwarded(`this: ${linkTo(mine)}.`, [])));
    expect(headlineOf(answer)).toMatch(/^This is piece-1/);
    const two = await ada.post(bot.discord.defaultChannelId, toBot('two'), [excerpt(library, 3), excerpt(library, 4)]);
    const question = await saying(await use(await forwarded(`these: ${linkTo(two)}.`, [])), which);
    expect(optionsOf(question, 'Choose one')[1]?.label).toBe('2. excerpt-4-10.mp3');
  });

  test('refuses its link to this machine', async () => {
    const failed = await failureOf(await use(await forwarded('http://127.0.0.1:9999/a.mp3', [])));
    expect(failed.content).toContain('public addresses');
    expect(isPrivate(failed)).toBe(true);
  });

  test('queries with the attachment of a forward in a direct message', async () => {
    const message = await forwarded('Listen', [excerpt(library, 5)], ada.directChannelId);
    expect(headlineOf(await answerTo(await use(message, ada)))).toMatch(/^This is piece-5/);
  });
});

describe('in a direct message', () => {
  let answer: APIMessage;
  beforeAll(async () => {
    const here = { channelId: ada.directChannelId };
    answer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }, here));
  });

  test('/similar answers with its clips and without Share', () => {
    expect(answer.channel_id).toBe(ada.directChannelId);
    expect(headlineOf(answer)).toMatch(/^This is piece-5/);
    expect(answer.attachments.some(({ filename }) => filename.endsWith('.mp3'))).toBe(true);
    expect(labelsOf(answer)).toEqual(expect.arrayContaining(['Listen to a piece', 'More (3 to 4)']));
    expect(labelsOf(answer)).not.toContain('Share');
  });

  test('Listen sends the clips', async () => {
    const clips = await (await ada.select(answer, 'Listen to a piece', ['1'])).until(withClips, 100_000);
    expect(clips.content).toContain('**1. piece-5**');
    expect(labelsOf(clips)).not.toContain('Share');
  });

  test('More and "Ask with" answer', async () => {
    expect((await answerTo(await ada.press(answer, 'More (3 to 4)'))).content).toContain('**3. ');
    const asked = await answerTo(await ada.select(answer, 'Query with one of these pieces', ['2']));
    expect(asked.channel_id).toBe(ada.directChannelId);
    expect(labelsOf(asked)).not.toContain('Share');
  });

  test('a rating is stored', async () => {
    await saying(await ada.select(answer, 'Rate a piece', ['up-1']), 'Saved: 👍');
  });

  test('the message command queries with a recording', async () => {
    const message = await ada.post(ada.directChannelId, 'this', [excerpt(library, 4)]);
    const asked = await answerTo(await ada.messageCommand(menu, ada.directChannelId, message.id));
    expect(headlineOf(asked)).toMatch(/^This is piece-4/);
  });

  test('/about answers, and /library is not offered', async () => {
    const here = { channelId: ada.directChannelId };
    await (await ada.slash('about', {}, here)).until(({ embeds }) => embeds.length > 0, 100_000);
    await expect(ada.slash('library', {}, { ...here, subcommand: 'status' })).rejects.toThrow('no command');
  });

  test('buttons work after a restart', async () => {
    await bot.restart();
    await (await ada.select(answer, 'Listen to a piece', ['2'])).until(withClips, 100_000);
    const failed = await failureOf(await ada.messageCommand(menu, ada.directChannelId, (await silent()).id));
    expect(failed.content).toContain('This message contains no recording and no link');
  });
  const silent = () => ada.post(ada.directChannelId, 'just words');
});

const names = ['a public thread', 'a private thread with the bot', 'an archived thread'];

describe.each([...names, 'a private thread without the bot'])('in %s that is not cached', (name) => {
  let answer: APIMessage;
  beforeAll(async () => {
    const channelId = threadCalled(name);
    answer = await answerTo(
      await ada.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }, { channelId }),
    );
  });

  test('/similar answers with its clips', () => {
    expect(answer.channel_id).toBe(threadCalled(name));
    expect(headlineOf(answer)).toMatch(/^This is piece-5/);
    expect(answer.attachments.some(({ filename }) => filename.endsWith('.mp3'))).toBe(true);
  });

  test('Listen, More and "Ask with" answer', async () => {
    const clips = await (await bob.select(answer, 'Listen to a piece', ['1'])).until(withClips, 100_000);
    expect(clips.channel_id).toBe(threadCalled(name));
    expect((await answerTo(await bob.press(answer, 'More (3 to 4)'))).content).toContain('**3. ');
    const asked = await answerTo(await ada.select(answer, 'Query with one of these pieces', ['2']));
    expect(asked.channel_id).toBe(threadCalled(name));
  });

  test('the message command queries with a recording', async () => {
    const message = await ada.post(threadCalled(name), 'this', [excerpt(library, 4)]);
    const asked = await answerTo(await bob.messageCommand(menu, message.channel_id, message.id));
    expect(headlineOf(asked)).toMatch(/^This is piece-4/);
  });
});

describe('Share', () => {
  const choose = async (name: string) => {
    const channelId = threadCalled(name);
    const clip = excerpt(library, 5, 0, 40);
    const answer = await answerTo(await ada.slash('similar', { clip, results: 2 }, { channelId }));
    return saying(await ada.press(answer, 'Share'), 'Which result');
  };

  test.each(names)('posts into %s', async (name) => {
    const choice = await choose(name);
    if (name === 'an archived thread') bot.discord.archiveThread(threadCalled(name));
    await saying(await ada.select(choice, 'Choose a piece', ['1']), 'Posted in');
    const post = bot.discord.messages(threadCalled(name)).at(-1);
    if (!post) throw new Error('Expected a post');
    expect(embedOf(post).title).toMatch(/ is piece-5$/);
    const voted = await bob.press(post, '👍 0');
    await voted.until(({ components }) => JSON.stringify(components).includes('👍 1'));
  });

  test('says that it may not post into a private thread without the bot', async () => {
    const before = bot.discord.messages(threadCalled('a private thread without the bot')).length;
    const choice = await choose('a private thread without the bot');
    const failed = await failureOf(await ada.select(choice, 'Choose a piece', ['1']));
    expect(failed.content).toContain('I lack a required permission');
    expect(isPrivate(failed)).toBe(true);
    // The answer alone.
    expect(bot.discord.messages(threadCalled('a private thread without the bot'))).toHaveLength(before + 1);
  });

  test('works again once the bot is in the private thread', async () => {
    const choice = await choose('a private thread without the bot');
    bot.discord.addToThread(threadCalled('a private thread without the bot'), bot.discord.botUserId);
    await saying(await ada.select(choice, 'Choose a piece', ['1']), 'Posted in');
  });
});

const answerIn = (name: string): APIMessage => {
  const mine = bot.discord
    .messages(threadCalled(name))
    .find(({ author, attachments }) => author.id === bot.discord.botUserId && attachments.length > 0);
  if (!mine) throw new Error('Expected an answer');
  return mine;
};

test('/similar refuses the link of a message in a private thread that the user is not in', async () => {
  const eve = bot.discord.addUser({ name: 'Eve' });
  const link = linkTo(answerIn('a private thread with the bot'));
  const failed = await failureOf(await eve.slash('similar', { link, private: true }));
  expect(failed.content).toContain('I cannot open that message');
});

test.each(names)('/similar with the link of a message in %s asks with its recordings', async (name) => {
  const link = linkTo(answerIn(name));
  const answer = await answerTo(await bob.slash('similar', { link, private: true }));
  expect(answer.content).toMatch(/Query: \*\*.+ \\\(0:\d\d\\\)\*\*, 0:10/);
  const two = await ada.post(threadCalled(name), toBot('two'), [excerpt(library, 3), excerpt(library, 4)]);
  const question = await saying(await bob.slash('similar', { link: linkTo(two), private: true }), which);
  expect(optionsOf(question, 'Choose one')[0]?.label).toBe('1. excerpt-3-10.mp3');
});
