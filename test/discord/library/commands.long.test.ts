/** `/library` and `/about` as users run them: the real bot, discord.js, worker, FAISS and indexing process against the
 *  local Discord. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type APIMessage, PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Interaction, Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { writePiece } from '../../support/pieces.ts';
import { slowly, until } from './jobs.ts';

const { ManageGuild, SendMessages, AttachFiles } = PermissionFlagsBits;

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let owner: Person;
let environment: Record<string, string>;
/** The server's channel without denied permissions. */
let general: string;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library, { environment: slowly });
  ada = bot.discord.addUser({ name: 'Ada', permissions: ManageGuild });
  owner = bot.discord.addUser({ name: 'Olga', permissions: ManageGuild });
  environment = { ...slowly, DISCORD_OWNERS: owner.id };
  general = bot.discord.defaultChannelId;
  await bot.restart(environment);
}, 180_000);

afterEach(async () => {
  bot.discord.setPermissions(general, 'bot', {});
  for (const person of [ada, owner]) bot.discord.setPermissions(general, person.id, {});
  const open = bot.app.catalog.reindexes.open();
  if (open) bot.app.catalog.reindexes.cancel(open.id);
  await until(() => (bot.app.catalog.reindexes.last()?.milestone ?? 100) === 100, 'the end of what was open');
  expect(bot.discord.violations).toEqual([]);
});

afterAll(async () => {
  await bot?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

/** The bot's public messages. */
function told(channelId = general): APIMessage[] {
  return bot.discord.messages(channelId);
}

function textOf({ content, embeds }: APIMessage): string {
  const parts = embeds.flatMap(({ title, description, fields = [] }) => [
    ...[title, description],
    ...fields.map(({ name, value }) => `${name}: ${value}`),
  ]);
  return [content, ...parts].filter(Boolean).join('\n');
}

/** The private reply. */
async function replyTo(interaction: Interaction): Promise<APIMessage> {
  const reply = await interaction.until(({ content, embeds }) => content !== '' || embeds.length > 0, 60_000);
  expect(Number(reply.flags) & 64).toBe(64);
  return reply;
}

async function use(
  person: Person,
  subcommand: string,
  options: Record<string, string | number | boolean> = {},
  where: { locale?: string; channelId?: string } = {},
): Promise<APIMessage> {
  return replyTo(await person.slash('library', options, { subcommand, ...where }));
}

async function confirm(person: Person, plan: APIMessage, label = 'Confirm'): Promise<string> {
  const press = await person.press(plan, label);
  return textOf(await press.until(({ components }) => (components ?? []).length === 0, 60_000));
}

/** Waits for the next public message like that after the `from`-th. */
async function tells(what: RegExp, from: number, channelId = general): Promise<string> {
  const found = () =>
    told(channelId)
      .slice(from)
      .find((message) => what.test(textOf(message)));
  await until(() => found() !== undefined, `a message like ${what}`);
  return textOf(found() as APIMessage);
}

test("shows the status of the library in the user's language", async () => {
  const text = textOf(await use(ada, 'status'));
  expect(text).toMatch(/6 recordings, 0 failed, 0 removed/);
  expect(text).toMatch(/0\.1 hours of audio in 6 recordings\n30 chunks of music; excluded: 0 silence/);
  expect(text).toMatch(/answers with \d process.*: generation \w+/);
  expect(text).toMatch(/builtin 3\.0\.0 \(licence: MIT\)/);
  expect(text).toMatch(/Worker: ready/);
  expect(text).toMatch(/Disk: [\d.]+ [kM]B used by me, [\d.]+ [GT]B free/);
  expect(text).toMatch(/Last run: <t:\d+:R>, done after .*: 6 read, 0 failed/);
  expect(text).toMatch(/Reindex: none is open\nSchedule: none/);
  expect(textOf(await use(ada, 'status', {}, { locale: 'de' }))).toMatch(/6 Aufnahmen, 0 gescheitert, 0 entfernt/);
});

test('shows the plan of a reindex, runs it when confirmed, announces milestones, and ends with a new message', async () => {
  const from = told().length;
  writePiece(path.join(library.music, 'piece-7.ogg'), 7, 47);
  const plan = await use(ada, 'reindex');
  expect(textOf(plan)).toMatch(/To read: 1 recording \(1 new\)/);
  expect(textOf(plan)).toMatch(/Not to read: 6 unchanged/);
  expect(textOf(plan)).toMatch(/How long it took before: <t:\d+:d>: 6 recordings, \d+ min of audio, took/);
  expect(bot.app.catalog.reindexes.open()).toBeNull();
  expect(await confirm(ada, plan)).toMatch(/has been started\. I report progress in this channel/);
  expect(await tells(/Reindexing what has changed\*\*:/, from)).toMatch(/1 recording to read/);
  const end = await tells(/is done/, from);
  expect(end).toMatch(/1 recording read, 0 missing, 0 failed/);
  expect(end).toMatch(/Generation \w+ is now in use: 35 chunks/);
  expect(
    told()
      .slice(from)
      .every(({ flags }) => Number(flags ?? 0) === 0),
  ).toBe(true);
  expect(textOf(await use(ada, 'status'))).toMatch(/7 recordings, 0 failed/);
});

test('announces a full reindex, which only an owner may request, in one edited message', async () => {
  expect(textOf(await use(ada, 'reindex', { mode: 'everything' }))).toMatch(/Only the bot's owners/);
  const from = told().length;
  const plan = await use(owner, 'reindex', { mode: 'everything' });
  expect(textOf(plan)).toMatch(/Reindex everything\?.*\nTo read: 7 recordings \(7 already indexed\)/);
  await confirm(owner, plan);
  await tells(/is done/, from);
  const said = told().slice(from);
  expect(said).toHaveLength(2);
  expect(textOf(said[1] as APIMessage)).toMatch(/7 recordings read/);
});

test('starts nothing when dismissed, and one job when Confirm is pressed twice', async () => {
  const left = await use(owner, 'reindex', { mode: 'everything' });
  expect(await confirm(owner, left, 'Dismiss')).toBe('Nothing was started.');
  expect(bot.app.catalog.reindexes.open()).toBeNull();
  const [one, two] = [await use(owner, 'reindex', { mode: 'everything' }), await use(ada, 'reindex')];
  const answers = [await confirm(owner, one), await confirm(ada, two)];
  expect(answers[0]).toMatch(/has been started/);
  expect(answers[1]).toMatch(new RegExp(`everything\\) is open already: <@${owner.id}> requested it`));
  expect(textOf(await use(ada, 'reindex'))).toMatch(/is open already/);
});

test('shows an open job with its progress, and cancels it', async () => {
  const from = told().length;
  await confirm(owner, await use(owner, 'reindex', { mode: 'everything' }));
  await tells(/7 recordings to read/, from);
  expect(textOf(await use(ada, 'status'))).toMatch(
    new RegExp(`Reindex: everything, requested <t:\\d+:R> by <@${owner.id}>\n(\\d of 7 recordings|starting)`),
  );
  expect(textOf(await use(ada, 'cancel'))).toMatch(/everything\) is cancelled/);
  expect(await tells(/cancelled/, from)).toMatch(/Its finished work is stored/);
  expect(textOf(await use(ada, 'cancel'))).toBe('No reindex is open.');
});

test('lists unreadable files in an attachment', async () => {
  expect(textOf(await use(ada, 'failures'))).toBe('Nothing failed.');
  const bad = path.join(library.music, 'not music.mp3');
  writeFileSync(bad, 'This is a text, whatever it calls itself.');
  const from = told().length;
  await confirm(ada, await use(ada, 'reindex'));
  expect(await tells(/is done/, from)).toMatch(/1 failed \(\*\*\/library failures\*\*/);
  const reply = await use(ada, 'failures');
  const [file] = reply.attachments;
  expect(file?.filename).toBe('failures.txt');
  const text = await (await fetch(file?.url ?? '')).text();
  expect(text).toMatch(/^not music\.mp3\n {4}audio-unreadable, 1 try, /);
  rmSync(bad);
});

test('continues a job after the bot was stopped in the middle', async () => {
  const from = told().length;
  await confirm(owner, await use(owner, 'reindex', { mode: 'everything' }));
  await tells(/7 recordings to read/, from);
  const id = bot.app.catalog.reindexes.open()?.id;
  await bot.restart(environment);
  expect(await tells(/continues after a restart/, from)).toMatch(/[1-7] recordings? left/);
  expect(await tells(/is done/, from)).toMatch(/recordings read/);
  expect(bot.app.catalog.reindexes.last()).toMatchObject({ id, state: 'done' });
});

test('runs a job in a channel without permission to post, after a warning', async () => {
  const from = told().length;
  bot.discord.setPermissions(general, 'bot', { deny: SendMessages });
  const plan = await use(ada, 'reindex');
  expect(textOf(plan)).toMatch(/I lack Send Messages/);
  expect(await confirm(ada, plan)).toMatch(/\*\*\/library status\*\* shows the progress/);
  await until(() => bot.app.catalog.reindexes.open() === null, 'the end');
  await until(() => bot.app.catalog.reindexes.last()?.milestone === 100, 'its notice');
  expect(bot.app.catalog.reindexes.last()?.state).toBe('done');
  expect(told()).toHaveLength(from);
});

test('reports a missing library, also when a reindex fails because of it', async () => {
  const away = path.join(library.folder, 'away');
  const plan = await use(ada, 'reindex');
  renameSync(library.music, away);
  try {
    expect(textOf(await use(ada, 'reindex'))).toMatch(/The library's folder cannot be read/);
    const from = told().length;
    await confirm(ada, plan);
    const end = await tells(/failed/, from);
    expect(end).toMatch(/\*\* The library's folder cannot be read, .*\n.*answers still use the same index/);
    expect(end).toMatch(/\n-# reference reindex \d+$/);
    expect(end).not.toContain(library.folder);
  } finally {
    renameSync(away, library.music);
  }
});

test('checks rights again when a button is pressed', async () => {
  const plan = await use(ada, 'reindex');
  bot.discord.setPermissions(general, ada.id, { deny: ManageGuild });
  expect(await confirm(ada, plan)).toMatch(/requires the permission Manage Server/);
  expect(bot.app.catalog.reindexes.open()).toBeNull();
});

test('removes a track only for an owner who confirms', async () => {
  const choices = await owner.autocomplete('library', 'piece', 'titled', {}, { subcommand: 'remove' });
  expect(choices.map(({ name }) => name)).toEqual([expect.stringMatching(/A Titled Piece/)]);
  const piece = String(choices[0]?.value);
  expect(textOf(await use(ada, 'remove', { piece }))).toMatch(/Only the bot's owners/);
  const question = await use(owner, 'remove', { piece });
  expect(textOf(question)).toMatch(
    /Remove \*\*A Titled Piece\*\* \(below\/piece-6\.mp3\) from all answers, immediately and permanently/,
  );
  expect(await confirm(owner, question, 'Remove')).toMatch(/\*\*A Titled Piece\*\* is removed/);
  expect(bot.app.catalog.tracks.byKey('below/piece-6.mp3')?.status).toBe('removed');
  const none = await owner.autocomplete('library', 'piece', 'titled', {}, { subcommand: 'remove' });
  expect(none).toEqual([]);
});

test("shows and changes a server's settings, and refuses a channel in which it cannot share", async () => {
  expect(textOf(await use(ada, 'settings'))).toMatch(
    /Results are shared: in the channel of the query\nAnswers are shown: to everybody.*\nPieces in an answer: 5\nScheduled reindex: none/,
  );
  const denied = bot.discord.addChannel(bot.discord.defaultGuildId, {
    name: 'quiet',
    botPermissions: { deny: SendMessages | AttachFiles },
  });
  const refused = await use(ada, 'settings', { share_channel: denied, results: 3 });
  expect(textOf(refused)).toBe(
    `I cannot share to <#${denied}>: I lack Send Messages and Attach Files there. Nothing was changed.`,
  );
  expect(bot.app.catalog.guildSettings.get(bot.discord.defaultGuildId).results).toBeNull();

  const finds = bot.discord.addChannel(bot.discord.defaultGuildId, { name: 'finds' });
  const changes = {
    share_channel: finds,
    private: true,
    results: 3,
    schedule: '0 3 * * *',
    time_zone: 'Europe/Berlin',
  };
  const changed = textOf(await use(ada, 'settings', changes));
  expect(changed).toMatch(new RegExp(`^Changed.*\nSettings\nResults are shared: <#${finds}>`));
  expect(changed).toMatch(
    /only to the user\nPieces in an answer: 3\n.*`0 3 \* \* \*` in Europe\/Berlin\nnext <t:\d+:F>/,
  );
  const { defaultGuildId } = bot.discord;
  expect(bot.app.catalog.guildSettings.get(defaultGuildId)).toEqual({
    shareChannelId: finds,
    private: true,
    results: 3,
  });
  for (const reset of ['share-channel', 'schedule', 'results']) await use(ada, 'settings', { reset });
  await use(ada, 'settings', { private: false });
  expect(bot.app.catalog.guildSettings.get(defaultGuildId)).toEqual({
    shareChannelId: null,
    private: false,
    results: null,
  });
  expect(bot.app.catalog.schedule.get()).toBeNull();
});

test.each([
  [{ schedule: 'every night' }, /is invalid/],
  [{ schedule: '* * * * *' }, /more than once an hour/],
  [{ schedule: '0 3 * * *', time_zone: 'Europe/Atlantis' }, /time zone does not exist/],
  [{ time_zone: 'Europe/Berlin' }, /requires a schedule/],
  [{ schedule: '0 3 * * *', reset: 'schedule' }, /either set or reset/],
])('refuses the settings %j', async (options, why) => {
  expect(textOf(await use(ada, 'settings', options))).toMatch(why);
  expect(bot.app.catalog.schedule.get()).toBeNull();
});

test('describes itself: model and licence, stored data, and clickable commands', async () => {
  const member = bot.discord.addUser({ name: 'Mia' });
  const text = textOf(await replyTo(await member.slash('about')));
  expect(text).toMatch(/builtin 3\.0\.0, licence: MIT/);
  expect(text).toMatch(/delete your recording as soon as I have processed it\. I store its hash/);
  expect(text).toMatch(/after 30 days/);
  expect(text).toMatch(/<\/similar:\d+>.*\n.*Find similar music.*\n<\/library status:\d+>/);
  const german = textOf(await replyTo(await member.slash('about', {}, { locale: 'de' })));
  expect(german).toMatch(/Lizenz: MIT/);
  expect(german).toMatch(/nach 30 Tagen/);
});

test('is hidden from a member without rights', async () => {
  const member = bot.discord.addUser({ name: 'Max' });
  await expect(member.slash('library', {}, { subcommand: 'status' })).rejects.toThrow(/no command library/);
});
