/** The bot as an app that people installed for themselves: in a server without it and in a group. Also `/help`. */
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, embedOf, excerpt, headlineOf, isPrivate, labelsOf, saying } from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
/** A member of a server without the bot, and of the group. */
let eve: Person;
let group: string;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  const { discord } = bot;
  const elsewhere = discord.addGuild({ name: 'Elsewhere', withoutBot: true });
  discord.addChannel(elsewhere, { name: 'general' });
  ada = discord.addUser({ name: 'Ada' });
  eve = discord.addUser({ name: 'Eve', guildId: elsewhere, permissions: 1n << 5n });
  group = discord.addGroup('Band', [ada, eve]);
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

/** Eve's default channel is in the server without the bot. */
const places = [
  ['a server without the bot', () => ({})],
  ['a group', () => ({ channelId: group })],
] as const;

describe.each(places)('in %s', (_name, where) => {
  let answer: APIMessage;

  test('a query is answered, without a button to share', async () => {
    const asked = await eve.slash('similar', { clip: excerpt(library, 5, 0, 40), results: 2 }, where());
    answer = await answerTo(asked);
    expect(headlineOf(answer)).toContain('piece-5');
    expect(answer.attachments.length).toBeGreaterThan(0);
    expect(labelsOf(answer)).toContain('Rate a piece');
    expect(labelsOf(answer)).not.toContain('Share');
  });

  test('a result can be heard, without a button to share', async () => {
    const heard = await eve.select(answer, 'Listen to a piece', ['1']);
    const clips = await heard.until(({ attachments }) => attachments.length === 3, 100_000);
    expect(labelsOf(clips)).toEqual(['👍', '👎']);
  });

  test("the message menu searches with a message's recording", async () => {
    const channelId = answer.channel_id;
    const message = await eve.post(channelId, 'What is this?', [excerpt(library, 4, 5, 20)]);
    const found = await answerTo(await eve.messageCommand('Find similar music', channelId, message.id));
    expect(headlineOf(found)).toContain('piece-4');
    expect(labelsOf(found)).not.toContain('Share');
  });

  test('there is no /library, and /privacy and /about reply', async () => {
    await expect(eve.slash('library', {}, { subcommand: 'status', ...where() })).rejects.toThrow('no command');
    const shown = await (await eve.slash('privacy', {}, where())).until(({ embeds }) => embeds.length > 0);
    expect(isPrivate(shown)).toBe(true);
    expect(embedOf(shown).fields?.[0]?.value).toMatch(/^\d answers? with the name/);
    const about = await (await eve.slash('about', {}, where())).until(({ embeds }) => embeds.length > 0);
    expect(embedOf(about).fields?.at(-1)?.value).toContain('privacy');
  });
});

test('a result is shared from a server of the bot as before', async () => {
  const answer = await answerTo(await ada.slash('similar', { clip: excerpt(library, 3, 5, 20), results: 2 }));
  const choice = await saying(await ada.press(answer, 'Share'), 'Which result should I post');
  await saying(await ada.select(choice, 'Choose a piece', ['1']), 'Posted in');
});

test('the share button of an older answer is answered with a sentence once the bot was removed', async () => {
  const elsewhere = bot.discord.addGuild({ name: 'Third' });
  const channelId = bot.discord.addChannel(elsewhere, { name: 'general' });
  const otto = bot.discord.addUser({ name: 'Otto', guildId: elsewhere, locale: 'de' });
  const answer = await answerTo(await otto.slash('similar', { clip: excerpt(library, 4, 5, 20), results: 2 }));
  expect(labelsOf(answer)).toContain('Teilen');
  bot.app.catalog.guildSettings.set(elsewhere, { results: 2 });
  bot.discord.dismissBot(elsewhere);
  await expect.poll(() => bot.app.catalog.guildSettings.guildIds()).toEqual([]);
  const said = await saying(await otto.press(answer, 'Teilen', { channelId }), 'kann ich nichts posten');
  expect(isPrivate(said)).toBe(true);
});

describe('/help', () => {
  const helpFor = async (person: Person, where = {}) => {
    const reply = await (await person.slash('help', {}, where)).until(({ embeds }) => embeds.length > 0);
    expect(isPrivate(reply)).toBe(true);
    return embedOf(reply).fields?.map(({ value }) => value) ?? [];
  };

  test('shows three examples whose commands can be clicked', async () => {
    const [clip, part, message] = await helpFor(ada);
    expect(clip).toMatch(/^<\/similar:\d+> \*\*clip:\*\*/);
    expect(part).toMatch(/^<\/similar:\d+> \*\*link:\*\* https:\S+ \*\*from:\*\* 0:40 \*\*to:\*\* 1:10$/);
    expect(message).toContain('**Apps > Find similar music**');
  });

  test('uses the German names of the options', async () => {
    const [, part, message] = await helpFor(eve, { locale: 'de', channelId: group });
    expect(part).toContain('**von:** 0:40 **bis:** 1:10');
    expect(message).toContain('**Apps > Ähnliche Musik finden**');
  });
});
