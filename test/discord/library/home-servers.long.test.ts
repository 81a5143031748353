/** Rights on the shared library: the real bot in two servers of the local Discord. */
import { type APIMessage, PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Interaction, Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { until } from './jobs.ts';

const { ManageGuild } = PermissionFlagsBits;
const german = { locale: 'de' };
const request = { mode: 'everything', requestedBy: '1', guildId: null, channelId: null, locale: 'en-US' } as const;

let library: TestLibrary;
let bot: TestBot;
let home: string;
let elsewhere: string;
let channelElsewhere: string;
/** Admin of the first server, and of the other one, where the owner is a member. */
let ada: Person;
let eve: Person;
let olga: Person;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  home = bot.discord.defaultGuildId;
  ada = bot.discord.addUser({ name: 'Ada', permissions: ManageGuild });
}, 180_000);

afterAll(async () => {
  const { violations } = bot.discord;
  await bot?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

function joinAnother(): void {
  elsewhere = bot.discord.addGuild({ name: 'Elsewhere' });
  channelElsewhere = bot.discord.addChannel(elsewhere, { name: 'general' });
  eve = bot.discord.addUser({ name: 'Eve', guildId: elsewhere, permissions: ManageGuild });
}

function textOf({ content, embeds }: APIMessage): string {
  const fields = embeds.flatMap(({ fields = [] }) => fields.map(({ name, value }) => `${name}: ${value}`));
  return [content, ...fields].filter(Boolean).join('\n');
}

async function replyTo(interaction: Interaction): Promise<APIMessage> {
  return interaction.until(({ content, embeds }) => content !== '' || embeds.length > 0, 60_000);
}

async function use(person: Person, subcommand: string, options: Record<string, string | number> = {}, where = {}) {
  return replyTo(await person.slash('library', options, { subcommand, ...where }));
}

const forHome = /All servers share one library. Only the bot's owners and the admins of its home servers can do this/;

test('in its only server, the admins manage the library', async () => {
  expect(textOf(await use(ada, 'reindex'))).toMatch(/How long it took before/);
  expect(textOf(await use(ada, 'failures'))).toBe('Nothing failed.');
  expect(textOf(await use(ada, 'settings'))).toMatch(/Scheduled reindex: none/);
});

describe('in two servers without DISCORD_HOME_SERVERS', () => {
  beforeAll(async () => {
    joinAnother();
    await until(() => bot.logged.length > 0 && bot.discord.botOnline, 'the bot');
  });

  test.each([
    ['reindex', {}],
    ['cancel', {}],
    ['failures', {}],
    ['settings', { schedule: '0 3 * * *' }],
    ['settings', { schedule: '0 3 * * *', time_zone: 'Europe/Berlin', results: 4 }],
    ['settings', { reset: 'schedule' }],
  ] as const)('no admin may use %s %j, and nothing is changed', async (subcommand, options) => {
    bot.app.catalog.reindexes.cancel(bot.app.catalog.reindexes.open()?.id ?? 0);
    for (const admin of [ada, eve]) expect(textOf(await use(admin, subcommand, options))).toMatch(forHome);
    expect(bot.app.catalog.schedule.get()).toBeNull();
    expect(bot.app.catalog.guildSettings.get(elsewhere).results).toBeNull();
  });

  test('refuses in German too', async () => {
    expect(textOf(await use(eve, 'cancel', {}, german))).toMatch(/Alle Server haben dieselbe Bibliothek/);
  });

  test("an admin changes the own server's settings, which do not show the schedule", async () => {
    const shown = textOf(await use(eve, 'settings', { results: 3, share_channel: channelElsewhere }));
    expect(shown).toMatch(/^Changed.*\nResults are shared: <#\d+>\nAnswers are shown: .*\nPieces in an answer: 3$/);
    expect(bot.app.catalog.guildSettings.get(home).results).toBeNull();
  });

  test('shows a short status: no failures, no disk, no job and no user', async () => {
    const { reindex } = bot.app.catalog.reindexes.ask(request);
    const shown = textOf(await use(eve, 'status'));
    bot.app.catalog.reindexes.cancel(reindex.id);
    expect(shown).toMatch(
      /^Library: 6 recordings, 0\.1 hours of audio\nIndex: answers, built <t:\d+:R>\nWorker: ready$/,
    );
  });
});

describe('with a home server and an owner configured', () => {
  beforeAll(async () => {
    olga = bot.discord.addUser({ name: 'Olga', guildId: elsewhere, permissions: ManageGuild });
    await bot.restart({ DISCORD_HOME_SERVERS: home, DISCORD_OWNERS: olga.id });
  });

  test('its admins manage the library, and other admins do not', async () => {
    expect(textOf(await use(ada, 'failures'))).toBe('Nothing failed.');
    expect(textOf(await use(ada, 'status'))).toMatch(/Disk: /);
    expect(textOf(await use(ada, 'settings', { schedule: '0 3 * * *' }))).toMatch(/Scheduled reindex: `0 3/);
    expect(textOf(await use(eve, 'settings'))).not.toMatch(/Scheduled reindex/);
    expect(textOf(await use(eve, 'settings', { reset: 'schedule' }))).toMatch(forHome);
    expect(textOf(await use(ada, 'settings', { reset: 'schedule' }))).toMatch(/Scheduled reindex: none/);
    expect(textOf(await use(eve, 'failures'))).toMatch(forHome);
    expect(textOf(await use(ada, 'reindex', { mode: 'everything' }))).toMatch(/Only the bot's owners/);
  });

  test('checks the home server again when a button is pressed', async () => {
    const plan = await use(ada, 'reindex');
    await bot.restart({ DISCORD_HOME_SERVERS: elsewhere });
    const press = await ada.press(plan, 'Confirm');
    const said = await press.until(({ components = [] }) => components.length === 0, 60_000);
    expect(textOf(said)).toMatch(forHome);
    expect(bot.app.catalog.reindexes.open()).toBeNull();
    await bot.restart({ DISCORD_HOME_SERVERS: home, DISCORD_OWNERS: olga.id });
  });

  test("an owner manages the library from any server, but not the server's settings", async () => {
    bot.discord.setPermissions(channelElsewhere, olga.id, { deny: ManageGuild });
    expect(textOf(await use(olga, 'failures'))).toBe('Nothing failed.');
    expect(textOf(await use(olga, 'status'))).toMatch(/Disk: /);
    expect(textOf(await use(olga, 'reindex', { mode: 'everything' }))).toMatch(/How long it took before/);
    expect(textOf(await use(olga, 'settings', { results: 2 }))).toMatch(/requires the permission Manage Server/);
  });
});

describe('the settings of a server that the bot leaves', () => {
  test('are deleted at once', async () => {
    bot.app.catalog.guildSettings.set(elsewhere, { results: 3 });
    bot.app.catalog.guildSettings.set(home, { results: 5 });
    bot.discord.removeGuild(elsewhere);
    await until(() => bot.app.catalog.guildSettings.get(elsewhere).results === null, 'their end');
    expect(bot.app.catalog.guildSettings.get(home).results).toBe(5);
  });

  test('are deleted at the next start when the bot was removed while offline', async () => {
    bot.app.catalog.guildSettings.set('99999999999999999', { results: 3 });
    await bot.restart({});
    expect(bot.app.catalog.guildSettings.get('99999999999999999').results).toBeNull();
    expect(bot.app.catalog.guildSettings.get(home).results).toBe(5);
  });

  test('the remaining server becomes the home server again', async () => {
    expect(textOf(await use(ada, 'failures'))).toBe('Nothing failed.');
  });
});
