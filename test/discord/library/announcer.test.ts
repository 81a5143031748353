/** Announcements of a job in a channel: the real discord.js at a local Discord. */
import { PermissionFlagsBits } from 'discord-api-types/v10';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Bot, startTestBot } from '../../../local-discord/test/bot.ts';
import type { Reindex } from '../../../src/catalog/reindexes.ts';
import { ChannelAnnouncer } from '../../../src/discord/library/announcer.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import type { IndexProgress } from '../../../src/indexing/progress.ts';

let bot: Bot;
let channelId: string;
let announcer: ChannelAnnouncer;
let nextId = 1;

beforeAll(async () => {
  bot = await startTestBot();
});

afterAll(() => bot[Symbol.asyncDispose]());

beforeEach(() => {
  channelId = bot.discord.addChannel(bot.discord.defaultGuildId, { name: `jobs-${nextId}` });
  announcer = new ChannelAnnouncer({ client: bot.client, texts: textsOf, log: pino({ level: 'silent' }) });
});

afterEach(() => {
  vi.useRealTimers();
  expect(bot.discord.violations).toEqual([]);
});

const progress: IndexProgress = {
  ...{ phase: 'embed', tracksDone: 1, tracksTotal: 4, secondsDone: 60, bytesDone: 1e6, bytesTotal: 4e6 },
  ...{ failed: 0, ratePerSec: 30, etaSec: 90 },
};

function job(changes: Partial<Reindex> = {}): Reindex {
  return {
    ...{ id: nextId++, mode: 'changed', state: 'running', requestedBy: '1', guildId: '2', channelId, locale: 'en-US' },
    ...{ requestedAtMs: 0, startedAtMs: 0, finishedAtMs: 60_000, milestone: 0, starts: 1, jobId: 1, summary: null },
    ...{ error: null, ...changes },
  };
}

function said(): string[] {
  return bot.discord.messages(channelId).map(({ content }) => content);
}

/** Milestones in quick succession are skipped, so a test advances the time. */
function later(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

test('edits one message at each milestone, and ends with a new one', async () => {
  const reindex = job();
  await announcer.begun(reindex, progress, 'first');
  await announcer.milestone(reindex, 25, progress);
  expect(said()).toEqual(['**Reindexing what has changed**: 4 recordings to read, 4.0 MB.']);
  later(60_000);
  await announcer.milestone(reindex, 50, { ...progress, tracksDone: 2 });
  expect(said()).toEqual([expect.stringMatching(/4\.0 MB\.\n50 %: 2 of 4 recordings read; about 90 s left\./)]);
  await announcer.ended({ ...reindex, state: 'done', summary: '{"embedded":4}' });
  expect(said()).toEqual([expect.stringMatching(/50 %/), expect.stringMatching(/is done\.\*\*\n4 recordings read/)]);
});

test('posts a milestone in a new message when the old one is an hour old or deleted', async () => {
  const reindex = job();
  await announcer.begun(reindex, progress, 'first');
  later(3_600_000);
  await announcer.milestone(reindex, 25, progress);
  expect(said()).toHaveLength(2);
  bot.discord.deleteMessage(channelId, bot.discord.messages(channelId).at(-1)?.id ?? '');
  later(60_000);
  await announcer.milestone(reindex, 50, progress);
  expect(said()).toEqual([expect.stringMatching(/4\.0 MB\.$/), expect.stringMatching(/50 %/)]);
});

test('posts an end once, however often it is announced', async () => {
  const reindex = job({ state: 'cancelled' });
  await announcer.ended(reindex);
  await announcer.ended(reindex);
  expect(said()).toEqual([expect.stringMatching(/cancelled/)]);
});

test("uses the language of the job's user", async () => {
  await announcer.begun(job({ locale: 'de' }), progress, 'again');
  expect(said()).toEqual(['**Einlesen (was sich geändert hat)** geht nach einem Neustart weiter: noch 4 Aufnahmen.']);
});

test('posts nothing without a channel or without the permission', async () => {
  bot.discord.setPermissions(channelId, 'bot', { deny: PermissionFlagsBits.SendMessages });
  await vi.waitFor(() => {
    const channel = bot.client.channels.cache.get(channelId);
    const me = bot.client.user;
    if (!channel || channel.isDMBased() || channel.permissionsFor(me)?.has('SendMessages')) throw new Error('not yet');
  });
  const calls = () => bot.discord.log.filter(({ method }) => method === 'POST').length;
  const before = calls();
  for (const changes of [{}, { channelId: null }]) await announcer.ended(job({ ...changes, state: 'done' }));
  expect(calls()).toBe(before);
  expect(said()).toEqual([]);
});

test('posts also in a server of another shard', async () => {
  const guild = bot.client.guilds.cache.get(bot.discord.defaultGuildId);
  bot.client.guilds.cache.delete(bot.discord.defaultGuildId);
  bot.client.channels.cache.delete(channelId);
  const reindex = job();
  await announcer.begun(reindex, progress, 'first');
  later(60_000);
  await announcer.milestone(reindex, 75, progress);
  await announcer.ended({ ...reindex, state: 'done' });
  if (guild) bot.client.guilds.cache.set(guild.id, guild);
  expect(said()).toEqual([/to read/, /75 %/, /is done/].map((what) => expect.stringMatching(what)));
});
