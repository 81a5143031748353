/** Races with users: messages are deleted, tracks removed, buttons pressed late. */
import { renameSync } from 'node:fs';
import path from 'node:path';
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import {
  answerTo,
  asABot,
  embedOf,
  excerpt,
  failureOf,
  isPrivate,
  optionsOf,
  publicMessages,
  saying,
} from './asking.ts';
import { signalWorker } from './processes.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let bob: Person;
let answer: APIMessage;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  ada = bot.discord.addUser({ name: 'Ada' });
  bob = bot.discord.addUser({ name: 'Bob' });
  answer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }));
});

afterEach(() => {
  signalWorker('SIGCONT');
  bot.discord.faults.clear();
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  // The bot learns of a deleted message by requesting it.
  expect(violations.filter(({ code }) => code !== 10_008)).toEqual([]);
});

const { stringify } = JSON;
const linkTo = ({ id }: APIMessage) => {
  const { defaultGuildId, defaultChannelId } = bot.discord;
  return `https://discord.com/channels/${defaultGuildId}/${defaultChannelId}/${id}`;
};

async function postButton(customId: string): Promise<APIMessage> {
  const { apiUrl, token, defaultChannelId } = bot.discord;
  const row = { type: 1, components: [{ type: 2, style: 2, custom_id: customId, label: 'Cancel' }] };
  const response = await fetch(`${apiUrl}/v10/channels/${defaultChannelId}/messages`, {
    method: 'POST',
    headers: { ...asABot, authorization: `Bot ${token}`, 'content-type': 'application/json' },
    body: stringify({ content: 'the answer', components: [row] }),
  });
  return (await response.json()) as APIMessage;
}

test('a late press of Cancel gets a private reply, and leaves the answer as it is', async () => {
  const message = await postButton('lm1:cancel:123456789012345678');
  const said = await saying(await bob.press(message, 'Cancel'), 'already ended');
  expect(isPrivate(said)).toBe(true);
  const there = publicMessages(bot.discord).find(({ id }) => id === message.id);
  expect(there?.content).toBe('the answer');
});

describe('a user whose reply was deleted meanwhile', () => {
  test('gets a private message that the answer could not be sent', async () => {
    signalWorker('SIGSTOP');
    const asked = await ada.slash('similar', { clip: excerpt(library, 1, 1, 12) });
    const { id, channel_id } = await asked.until(({ content }) => content.startsWith('Listening'), 100_000);
    bot.discord.deleteMessage(channel_id, id);
    signalWorker('SIGCONT');
    const failed = await failureOf(asked);
    expect(failed.content).toContain('was deleted');
    expect(isPrivate(failed)).toBe(true);
  });

  test('gets the error reply privately', async () => {
    signalWorker('SIGSTOP');
    const asked = await ada.slash('similar', { clip: excerpt(library, 1, 2, 12) });
    const cancel = await asked.until((message) => stringify(message.components).includes('Cancel'), 100_000);
    bot.discord.faults.next('DELETE /webhooks', 'status500', 10);
    await ada.press(cancel, 'Cancel');
    expect(isPrivate(await saying(asked, 'Cancelled.'))).toBe(true);
  });
});

describe('a shared result', () => {
  const choose = async (of: APIMessage = answer) => saying(await ada.press(of, 'Share'), 'Which result');
  const share = async (rank: string, of?: APIMessage) => ada.select(await choose(of), 'Choose a piece', [rank]);

  test('is not posted again when only the confirmation failed', async () => {
    const [before, choice] = [publicMessages(bot.discord).length, await choose()];
    bot.discord.faults.next('PATCH /webhooks', 'status500', 10);
    const untold = await failureOf(await ada.select(choice, 'Choose a piece', ['1']));
    expect(untold.content).toContain('Discord did not accept my answer');
    bot.discord.faults.clear();
    await saying(await share('1'), 'already in');
    expect(publicMessages(bot.discord)).toHaveLength(before + 1);
    const [post] = publicMessages(bot.discord).slice(before);
    if (!post) throw new Error('Expected a post');
    const voted = await bob.press(post, '👍 0');
    await voted.until((message) => stringify(message.components).includes('👍 1'));
  });

  test('can be posted again after its post was deleted', async () => {
    await saying(await share('2'), 'Posted in');
    const post = publicMessages(bot.discord).at(-1);
    if (!post) throw new Error('Expected a post');
    bot.discord.deleteMessage(post.channel_id, post.id);
    await saying(await share('2'), 'Posted in');
    expect(embedOf(publicMessages(bot.discord).at(-1) ?? post).title).toBe(embedOf(post).title);
  });

  test('of a query with a library track has both clips and the A/B clip', async () => {
    const asked = await answerTo(await ada.slash('similar', { piece: 'piece-4', results: 2 }));
    await saying(await share('1', asked), 'Posted in');
    const names = publicMessages(bot.discord)
      .at(-1)
      ?.attachments.map(({ filename }) => filename);
    expect(names).toEqual([
      expect.stringContaining('-theirs-'),
      expect.stringContaining('-yours-'),
      expect.stringContaining('-ab.'),
    ]);
  });
});

test("Listen plays only the result's clip when the query track's file is gone, and says why", async () => {
  const asked = await answerTo(await ada.slash('similar', { piece: 'piece-3', results: 2 }));
  const file = path.join(library.music, 'piece-3.ogg');
  renameSync(file, `${file}.away`);
  try {
    const clips = await (await bob.select(asked, 'Listen to a piece', ['1'])).until(
      ({ attachments }) => attachments.length > 0,
      20_000,
    );
    expect(clips.attachments).toHaveLength(1);
    expect(clips.content).toContain('The query piece cannot be read at the moment');
    expect(clips.content).not.toContain('our own clip');
  } finally {
    renameSync(`${file}.away`, file);
  }
});

describe('a choice among several', () => {
  let several: APIMessage;
  beforeAll(async () => {
    const files = [excerpt(library, 5, 10, 10), excerpt(library, 4, 10, 10)];
    several = await ada.post(bot.discord.defaultChannelId, `<@${bot.discord.botUserId}> several`, files);
  });

  test('is private, and its answer is public for a public command', async () => {
    const link = linkTo(several);
    const asked = await bob.slash('similar', { link, results: 1, from: '0:02' });
    const question = await saying(asked, 'Which one should I use as the query?');
    expect(isPrivate(question)).toBe(true);
    expect(asked.original()).toBeNull();
    const [first] = optionsOf(question, 'Choose one');
    const chosen = await answerTo(await bob.select(question, 'Choose one', [first?.value ?? '']));
    expect(isPrivate(chosen)).toBe(false);
    expect(chosen.content).toContain('0:02 to 0:10');
    expect(chosen.content).not.toContain('**2. ');
  });

  test('stays private for a private command', async () => {
    const asked = await bob.slash('similar', { link: linkTo(several), private: true, results: 1 });
    const question = await saying(asked, 'Which one should I use as the query?');
    const [first] = optionsOf(question, 'Choose one');
    expect(isPrivate(await answerTo(await bob.select(question, 'Choose one', [first?.value ?? ''])))).toBe(true);
  });

  test("follows a message's link to another message, from its menu and from its choices", async () => {
    const menu = 'Find similar music';
    const [one, two] = [linkTo(several), 'https://example.org/a_(b).ogg'];
    const holding = await ada.post(bot.discord.defaultChannelId, `listen to this: ${one}`);
    const asked = await bob.messageCommand(menu, holding.channel_id, holding.id);
    expect(optionsOf(await saying(asked, 'Which one'), 'Choose one')[0]?.label).toBe('1. excerpt-5-10.mp3');

    const holdingBoth = await ada.post(bot.discord.defaultChannelId, `${one} or (${two})`);
    const question = await saying(await bob.messageCommand(menu, holding.channel_id, holdingBoth.id), 'Which one');
    expect(question.embeds.map(({ url }) => url)).toEqual([one, two]);
    const [first] = optionsOf(question, 'Choose one');
    const next = await saying(await bob.select(question, 'Choose one', [first?.value ?? '']), 'Which one');
    expect(optionsOf(next, 'Choose one')[0]?.label).toBe('1. excerpt-5-10.mp3');
  });
});

test('Listen does not play a query track that was removed since', async () => {
  const asked = await answerTo(await ada.slash('similar', { piece: 'piece-2', results: 2 }));
  await (await bob.select(asked, 'Listen to a piece', ['1'])).until(
    ({ attachments }) => attachments.length === 3,
    20_000,
  );
  bot.app.catalog.removals.remove(['piece-2.ogg'], 'request');
  const clips = await (await bob.select(asked, 'Listen to a piece', ['1'])).until(
    ({ attachments }) => attachments.length > 0,
    20_000,
  );
  expect(clips.attachments.map(({ filename }) => filename)).toEqual([expect.stringContaining('-theirs-')]);
});

test('More does not show a removed track, and offers to run the query again', async () => {
  const [, second = ''] = /^\*\*2\. (.+?)\*\*/m.exec(answer.content) ?? [];
  const [track] = bot.app.catalog.tracks.search(second, 1);
  if (!track) throw new Error(`Expected to find ${second}`);
  bot.app.catalog.removals.remove([track.key], 'request');
  const offered = await saying(await bob.press(answer, 'More (3 to 4)'), 'The library has changed');
  expect(offered.attachments).toEqual([]);
  await answerTo(await bob.press(offered, 'Run again'));
});
