import { setTimeout as sleep } from 'node:timers/promises';
import { type APIMessage, PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import {
  answerIdOf,
  answerTo,
  download,
  embedOf,
  excerpt,
  failureOf,
  headlineOf,
  isPrivate,
  isThinking,
  labelsOf,
  optionsOf,
  publicMessages,
  saying,
  secondsOf,
} from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let [ada, bob, eve]: Person[] = [];
/** Ada's answer, with four results on two pages. */
let answer: APIMessage;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  [ada, bob, eve] = ['Ada', 'Bob', 'Eve'].map((name) => bot.discord.addUser({ name }));
  answer = await answerTo(await person(ada).slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }));
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

function person(who: Person | undefined): Person {
  if (!who) throw new Error('Expected a person');
  return who;
}

function withFiles(count: number) {
  return ({ attachments }: APIMessage) => attachments.length === count;
}

describe('Listen', () => {
  test("sends the result's, the query's and the A/B clip privately, after the recording is deleted", async () => {
    const message = await (await person(bob).select(answer, 'Listen to a piece', ['1'])).until(withFiles(3), 100_000);
    expect(isPrivate(message)).toBe(true);
    expect(message.content).toContain('**1. piece-5**');
    expect(message.content).toContain('Clips, in this order: **1** theirs, yours, both in turn');
    const [theirs, yours, both] = message.attachments;
    expect(theirs?.filename).toMatch(/^01-piece-5-theirs-/);
    expect(yours?.filename).toMatch(/^01-piece-5-yours-/);
    expect(both?.filename).toBe('01-piece-5-ab.mp3');
    expect(yours?.description).toMatch(/\(yours\), from 0:\d\d$/);
    expect(await secondsOf(theirs?.url ?? '')).toBeCloseTo(10, 0);
    expect(await secondsOf(yours?.url ?? '')).toBeCloseTo(10, 0);
    expect(await secondsOf(both?.url ?? '')).toBeCloseTo(20.5, 0);
  });

  test('answers both of two simultaneous presses', async () => {
    const presses = await Promise.all([
      person(bob).select(answer, 'Listen to a piece', ['2']),
      person(bob).select(answer, 'Listen to a piece', ['2']),
    ]);
    for (const press of presses) expect((await press.until(withFiles(3), 100_000)).content).toContain('**2. ');
  });
});

describe('Why', () => {
  test('explains the pieces privately, with votes, chunks and the match picture', async () => {
    const message = await (await person(bob).press(answer, 'Why?')).until(({ embeds }) => embeds.length > 0, 100_000);
    expect(isPrivate(message)).toBe(true);
    const { title, description = '', image, footer } = embedOf(message);
    expect(title).toMatch(/^This is piece-5/);
    expect(description).toMatch(/score [\d.-]+ · \d+ votes? · yours 0:\d\d - theirs 0:\d\d/);
    expect(description).toMatch(/-# same recording by its fingerprint; \d+ of \d+ chunks? agrees?/);
    expect(footer?.text).toMatch(
      new RegExp(`^builtin.* · generation \\S+ · \\d+\\.\\d s · reference ${answerIdOf(answer)}$`),
    );
    const picture = await download(image?.url ?? '');
    expect(picture.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
  });
});

describe('More', () => {
  test('shows the next results privately, with their own Listen buttons', async () => {
    const message = await answerTo(await person(bob).press(answer, 'More (3 to 4)'));
    expect(isPrivate(message)).toBe(true);
    expect(headlineOf(message)).toMatch(/^Results 3 to 4: This is piece-5/);
    expect(message.content).toContain('**3. ');
    expect(optionsOf(message, 'Listen to a piece').map(({ value }) => value)).toEqual(['3', '4']);
    const clips = await (await person(bob).select(message, 'Listen to a piece', ['4'])).until(withFiles(3), 100_000);
    expect(clips.attachments[0]?.filename).toMatch(/^04-/);
  });
});

describe('Ask with this piece', () => {
  test('queries with the result, in public for the user of the answer', async () => {
    const asked = await person(ada).select(answer, 'Query with one of these pieces', ['2']);
    const message = await answerTo(asked);
    expect(isPrivate(message)).toBe(false);
    expect(message.id).not.toBe(answer.id);
    const second = /^\*\*2\. (.+?)\*\*/m.exec(answer.content)?.[1] ?? 'none';
    expect(message.content).toContain(`Query: **${second}**`);
  });

  test('is private for other users', async () => {
    const message = await answerTo(await person(bob).select(answer, 'Query with one of these pieces', ['1']));
    expect(isPrivate(message)).toBe(true);
    expect(message.content).toContain('Query: **piece-5**');
  });
});

describe('thumbs', () => {
  const voteOf = async (who: Person | undefined) => {
    const stored = bot.app.catalog.answers.get(answerIdOf(answer) ?? '');
    const results = JSON.parse(stored?.answer ?? '{}').answer.results as { rank: number; track: { id: number } }[];
    const trackId = results.find(({ rank }) => rank === 1)?.track.id ?? -1;
    const { contentSha256 = '', spaceId = '' } = stored ?? {};
    return bot.app.catalog.feedback.voteOf({ contentSha256, spaceId, trackId, userId: person(who).id });
  };

  test('are stored by the select, one per user, and can be changed', async () => {
    await saying(await person(bob).select(answer, 'Rate a piece', ['up-1']), 'Saved: 👍 for **1. piece-5**');
    expect(await voteOf(bob)).toBe(1);
    await saying(await person(bob).select(answer, 'Rate a piece', ['down-1']), 'Saved: 👎 for **1. piece-5**');
    expect(await voteOf(bob)).toBe(-1);
    expect(await voteOf(eve)).toBeNull();
  });

  test('are stored by the buttons below the clips, which stay and show the vote', async () => {
    const clips = await (await person(eve).select(answer, 'Listen to a piece', ['1'])).until(withFiles(3), 100_000);
    const voted = await person(eve).press(clips, '👍');
    const styled = await voted.until(({ components }) => JSON.stringify(components).includes('"style":3'));
    expect(styled.attachments).toHaveLength(3);
    expect(await voteOf(eve)).toBe(1);
  });
});

describe('Share', () => {
  test('posts a result here, once, with credit and clips, and counts votes', async () => {
    const choice = await saying(await person(ada).press(answer, 'Share'), 'Which result should I post');
    expect(isPrivate(choice)).toBe(true);
    const before = publicMessages(bot.discord).length;
    await saying(await person(ada).select(choice, 'Choose a piece', ['1']), 'Posted in');
    const again = await saying(await person(bob).press(answer, 'Share'), 'Which result should I post');
    await saying(await person(bob).select(again, 'Choose a piece', ['1']), 'already in');
    const posts = publicMessages(bot.discord).slice(before);
    expect(posts).toHaveLength(1);
    const [post] = posts;
    if (!post) throw new Error('Expected a post');
    expect(embedOf(post).title).toMatch(/ is piece-5$/);
    expect(embedOf(post).description).toContain(`Found by <@${person(ada).id}>`);
    expect(post.mentions).toEqual([]);
    expect(post.attachments.length).toBeGreaterThanOrEqual(2);
    expect(embedOf(post).image?.url).toContain('match.png');

    const labels = () => labelsOf(publicMessages(bot.discord).find(({ id }) => id === post.id) ?? post);
    const vote = async (who: Person | undefined, way: string, expected: string[]) => {
      const current = publicMessages(bot.discord).find(({ id }) => id === post.id) ?? post;
      const label = labelsOf(current).find((text) => text.startsWith(way)) ?? '';
      await (await person(who).press(current, label)).until((message) => labelsOf(message).join() === expected.join());
    };
    await vote(bob, '👍', ['👍 1', '👎 0']);
    await vote(eve, '👍', ['👍 2', '👎 0']);
    await vote(bob, '👎', ['👍 1', '👎 1']);
    await vote(bob, '👎', ['👍 1', '👎 0']);
    expect(labels()).toEqual(['👍 1', '👎 0']);
  });

  test('pressed twice at once posts once', async () => {
    const choice = await saying(await person(ada).press(answer, 'Share'), 'Which result should I post');
    const before = publicMessages(bot.discord).length;
    const picks = await Promise.all(['2', '2'].map((rank) => person(ada).select(choice, 'Choose a piece', [rank])));
    for (const pick of picks) await saying(pick, /Posted in|already in|is being posted/);
    await expect.poll(() => publicMessages(bot.discord).length - before, { timeout: 100_000 }).toBe(1);
    await sleep(1_000);
    expect(publicMessages(bot.discord).length - before).toBe(1);
  });

  test('posts in the share channel, and names the missing permission there', async () => {
    const { defaultGuildId, defaultChannelId } = bot.discord;
    const { guildSettings } = bot.app.catalog;
    const finds = bot.discord.addChannel(defaultGuildId, { name: 'finds' });
    guildSettings.set(defaultGuildId, { shareChannelId: finds });
    const clips = await (await person(ada).select(answer, 'Listen to a piece', ['1'])).until(withFiles(3), 100_000);
    bot.discord.setPermissions(finds, 'bot', { deny: PermissionFlagsBits.SendMessages });
    const refused = await failureOf(await person(ada).press(clips, 'Share'));
    expect(refused.content).toContain(`I lack the permission **Send Messages** in <#${finds}>`);
    expect(publicMessages(bot.discord, finds)).toEqual([]);

    bot.discord.setPermissions(finds, 'bot', {});
    const before = publicMessages(bot.discord, defaultChannelId).length;
    await saying(await person(ada).press(clips, 'Share'), `Posted in <#${finds}>`);
    expect(publicMessages(bot.discord, finds)).toHaveLength(1);
    expect(publicMessages(bot.discord, defaultChannelId)).toHaveLength(before);

    bot.discord.setPermissions(finds, 'bot', { deny: PermissionFlagsBits.ViewChannel });
    const hidden = await failureOf(await person(ada).press(clips, 'Share'));
    expect(hidden.content).toContain('**View Channel**');
    bot.discord.setPermissions(finds, 'bot', {});
  });
});

test('no reply is left in the thinking state', () => {
  expect(publicMessages(bot.discord).filter(isThinking)).toEqual([]);
});
