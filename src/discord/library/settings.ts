/** `/library settings`: shows or changes the settings, all requested changes or none. The schedule belongs to the library, so
 *  only people who manage the library see and change it. */
import type { ChatInputCommandInteraction, GuildBasedChannel } from 'discord.js';
import type { GuildSettingsEntry } from '../../catalog/guild-settings.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import type { ScheduleEntry } from '../../catalog/schedule.ts';
import { scheduleProblem } from '../../config/schedule.ts';
import type { Scheduler } from '../../services/scheduler.ts';
import { type BotContext, resultsByDefault } from '../bot-context.ts';
import { refusedReply, settingsRefusedReply, settingsReply, shareRefusedReply } from '../replies/library.ts';
import type { Reply } from '../reply.ts';
import { missingToShare, refusalOf } from './rights.ts';

export interface SettingsParts {
  readonly bot: BotContext;
  readonly scheduler: Scheduler;
}

const defaultTimeZone = 'UTC';

interface Wanted {
  readonly shareChannelId: string | null;
  readonly cron: string | null;
  readonly timeZone: string | null;
  readonly private: boolean | null;
  readonly results: number | null;
  readonly reset: string | null;
}

/** @param interaction in a server, by a user with the right */
export async function changeSettings(
  interaction: ChatInputCommandInteraction,
  { bot, scheduler }: SettingsParts,
): Promise<Reply> {
  const texts = bot.texts(interaction.locale);
  const guildId = interaction.guildId ?? '';
  const wanted = readWanted(interaction);
  const { shareChannelId, cron, timeZone, reset } = wanted;
  const refusal = refusalOf(interaction, bot, 'library');
  const isOfLibrary = cron !== null || timeZone !== null || reset === 'schedule';
  if (isOfLibrary && refusal !== null) return refusedReply(texts, refusal);
  const both = { 'share-channel': shareChannelId, schedule: cron, results: wanted.results }[reset ?? ''] ?? null;
  if (both !== null) return settingsRefusedReply(texts, 'both');
  if (timeZone !== null && cron === null) return settingsRefusedReply(texts, 'timeZoneAlone');
  if (shareChannelId !== null) {
    const missing = await missingPermissions(shareChannelId, bot);
    if (missing.length > 0) return shareRefusedReply(texts, shareChannelId, missing);
  }
  const schedule = cron === null ? null : scheduleOf(interaction, cron, timeZone ?? defaultTimeZone);
  const problem = schedule && scheduleProblem(schedule.cron, schedule.timeZone);
  if (problem) return settingsRefusedReply(texts, problem);

  if (schedule) await scheduler.set(schedule);
  if (reset === 'schedule') await scheduler.clear();
  const changes = changesOf(wanted);
  if (Object.keys(changes).length > 0) await retryBusy(() => bot.catalog.guildSettings.set(guildId, changes));
  const isChanged = Object.values(wanted).some((value) => value !== null);
  const facts = { ...factsOf(guildId, bot), ...(refusal === null ? { schedule: scheduleFacts(scheduler) } : {}) };
  return settingsReply(texts, facts, isChanged);
}

function readWanted({ options }: ChatInputCommandInteraction): Wanted {
  return {
    shareChannelId: options.getChannel('share_channel')?.id ?? null,
    cron: options.getString('schedule')?.trim() ?? null,
    timeZone: options.getString('time_zone')?.trim() ?? null,
    private: options.getBoolean('private'),
    results: options.getInteger('results'),
    reset: options.getString('reset'),
  };
}

function changesOf({ shareChannelId, private: isPrivate, results, reset }: Wanted): Partial<GuildSettingsEntry> {
  return {
    ...(shareChannelId !== null || reset === 'share-channel' ? { shareChannelId } : {}),
    ...(isPrivate === null ? {} : { private: isPrivate }),
    ...(results !== null || reset === 'results' ? { results } : {}),
  };
}

function scheduleOf(interaction: ChatInputCommandInteraction, cron: string, timeZone: string): ScheduleEntry {
  const { user, channelId, locale } = interaction;
  return { cron, timeZone, setBy: user.id, channelId, locale };
}

async function missingPermissions(channelId: string, { client }: BotContext) {
  const channel = (await client.channels.fetch(channelId).catch(() => null)) as GuildBasedChannel | null;
  return channel ? missingToShare(channel) : (['ViewChannel'] as const);
}

function factsOf(guildId: string, bot: BotContext) {
  return { settings: bot.catalog.guildSettings.get(guildId), results: resultsByDefault(bot, guildId) };
}

function scheduleFacts(scheduler: Scheduler) {
  const schedule = scheduler.current();
  return schedule && { ...schedule, nextMs: schedule.next?.getTime() ?? null };
}
