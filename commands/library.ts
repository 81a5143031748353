/** `/library`: manages the index. All servers share one library: the bot's owners and the admins of its home servers manage
 *  it; admins of other servers see a short status and their own settings. Replies are private. */
import type { ChatInputCommandInteraction, MessageComponentInteraction } from 'discord.js';
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionFlagsBits,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import { resultsMax } from '../src/answering/question.ts';
import { retryBusy } from '../src/catalog/retry-busy.ts';
import type { BotContext } from '../src/discord/bot-context.ts';
import type { CustomId } from '../src/discord/custom-id.ts';
import type { ChatCommand, ComponentHandler } from '../src/discord/handler.ts';
import { missingToAnnounce, type RequiredRight, refusalOf } from '../src/discord/library/rights.ts';
import { changeSettings } from '../src/discord/library/settings.ts';
import { libraryStatus } from '../src/discord/library/status.ts';
import { choosePiece, offerPieces } from '../src/discord/queries/pieces.ts';
import {
  failuresReply,
  refusedReply,
  removeAction,
  removeAskReply,
  removedReply,
  statusReply,
} from '../src/discord/replies/library.ts';
import {
  dismissedReply,
  noPlanReply,
  reindexActions,
  reindexAskedReply,
  reindexCancelledReply,
  reindexPlanReply,
} from '../src/discord/replies/library-reindex.ts';
import type { Reply } from '../src/discord/reply.ts';
import { editReply } from '../src/discord/send.ts';
import type { Texts } from '../src/discord/texts/texts.ts';
import { toLeitmotifError } from '../src/errors.ts';
import type { LibraryQueries } from '../src/services/library-queries.ts';
import type { Reindexer } from '../src/services/reindexer.ts';
import type { Scheduler } from '../src/services/scheduler.ts';
import { localized, localizedName, pieceLengthMax } from './localized.ts';

export interface LibraryParts {
  readonly bot: BotContext;
  readonly reindexer: Reindexer;
  readonly scheduler: Scheduler;
  readonly libraryQueries: LibraryQueries;
}

const cronLengthMax = 100;
const timeZoneLengthMax = 64;

/** Failures beyond this are only counted: at most about 2 MB of text. */
const failuresShownMax = 5_000;

export function libraryCommand(parts: LibraryParts): ChatCommand {
  const { bot } = parts;
  return {
    kind: 'chat',
    definition: libraryDefinition(),
    isPrivate: () => true,
    autocomplete: async (interaction) =>
      refusalOf(interaction, bot, 'owner') === null ? offerPieces(bot.catalog, interaction.options.getFocused()) : [],
    run: async (interaction) => void (await editReply(interaction, await answer(interaction, parts))),
  };
}

export function libraryComponents(parts: LibraryParts): ComponentHandler[] {
  const handler = (
    action: string,
    reply: (interaction: MessageComponentInteraction, id: CustomId) => Promise<Reply>,
  ): ComponentHandler => ({
    action,
    acknowledge: () => 'update',
    run: async (interaction, id) => void (await editReply(interaction, await reply(interaction, id))),
  });
  return [
    handler(reindexActions.confirm, (interaction, id) => confirmReindex(interaction, id, parts)),
    handler(removeAction, (interaction, id) => confirmRemove(interaction, id, parts)),
    handler(reindexActions.dismiss, async ({ locale }) => dismissedReply(parts.bot.texts(locale))),
  ];
}

const needs: Readonly<Record<string, RequiredRight>> = {
  status: 'status',
  reindex: 'library',
  cancel: 'library',
  failures: 'library',
  remove: 'owner',
  settings: 'server',
};

/** How much of the status to show: the details are for people who manage the library. */
function isShown(interaction: ChatInputCommandInteraction, bot: BotContext): 'whole' | 'short' {
  return refusalOf(interaction, bot, 'library') === null ? 'whole' : 'short';
}

async function answer(interaction: ChatInputCommandInteraction, parts: LibraryParts): Promise<Reply> {
  const { bot, reindexer, libraryQueries } = parts;
  const texts = bot.texts(interaction.locale);
  const subcommand = interaction.options.getSubcommand();
  const isEverything = interaction.options.getString('mode') === 'everything';
  const refusal = refusalOf(interaction, bot, isEverything ? 'owner' : (needs[subcommand] ?? 'owner'));
  if (refusal !== null) return refusedReply(texts, refusal);
  switch (subcommand) {
    case 'status':
      return statusReply(texts, await libraryStatus({ ...parts, services: bot }), isShown(interaction, bot));
    case 'reindex':
      return planReindex(interaction, isEverything, parts);
    case 'cancel':
      return reindexCancelledReply(texts, await reindexer.cancel());
    case 'failures': {
      const { total, shown } = await libraryQueries.failures(failuresShownMax);
      return failuresReply(texts, total, shown);
    }
    case 'remove':
      return askRemove(interaction, bot);
    case 'settings':
      return changeSettings(interaction, parts);
    default:
      throw new RangeError(`Cannot run /library ${subcommand}: there is no such subcommand`);
  }
}

async function planReindex(
  interaction: ChatInputCommandInteraction,
  isEverything: boolean,
  { bot, libraryQueries }: LibraryParts,
): Promise<Reply> {
  const texts = bot.texts(interaction.locale);
  const open = bot.catalog.reindexes.open();
  if (open !== null) return reindexAskedReply(texts, { reindex: open, isNew: false, willAnnounce: false });
  const mode = isEverything ? 'everything' : 'changed';
  try {
    return reindexPlanReply(texts, {
      mode,
      plan: await libraryQueries.plan(mode),
      missing: missingPermissionsHere(interaction, bot),
    });
  } catch (error) {
    // These failures concern the whole library; the texts for failed queries would speak of one recording.
    const { code, message } = toLeitmotifError(error);
    if (code !== 'config-invalid' && code !== 'file-unreadable') throw error;
    bot.log.warn({ why: message }, 'the library cannot be read');
    return noPlanReply(texts, code);
  }
}

async function confirmReindex(
  interaction: MessageComponentInteraction,
  { args }: CustomId,
  { bot, reindexer }: LibraryParts,
): Promise<Reply> {
  const texts = bot.texts(interaction.locale);
  const mode = args[0] === 'everything' ? 'everything' : 'changed';
  const refusal = refusalOf(interaction, bot, mode === 'everything' ? 'owner' : 'library');
  if (refusal !== null) return refusedReply(texts, refusal);
  const { guildId, channelId, user, locale } = interaction;
  const requested = await reindexer.ask({ mode, requestedBy: user.id, guildId, channelId, locale });
  return reindexAskedReply(texts, {
    ...requested,
    willAnnounce: missingPermissionsHere(interaction, bot).length === 0,
  });
}

/** The permissions that the bot lacks here to announce the progress of a reindex. */
function missingPermissionsHere(
  interaction: ChatInputCommandInteraction | MessageComponentInteraction,
  { payloads }: BotContext,
) {
  return missingToAnnounce(interaction, payloads.channelType(interaction));
}

/** @throws {LeitmotifError} 'track-unknown' */
function askRemove({ options, locale }: ChatInputCommandInteraction, bot: BotContext): Reply {
  const texts = bot.texts(locale);
  const { trackId } = choosePiece(bot.catalog, options.getString('piece', true));
  const track = bot.catalog.tracks.byIds([trackId]).get(trackId);
  return track ? removeAskReply(texts, track) : removedReply(texts, null);
}

async function confirmRemove(
  interaction: MessageComponentInteraction,
  { args }: CustomId,
  { bot }: LibraryParts,
): Promise<Reply> {
  const texts = bot.texts(interaction.locale);
  const refusal = refusalOf(interaction, bot, 'owner');
  if (refusal !== null) return refusedReply(texts, refusal);
  const { tracks, removals } = bot.catalog;
  const trackId = Number(args[0]);
  const track = tracks.byIds([trackId]).get(trackId);
  if (!track || track.status === 'removed') return removedReply(texts, null);
  await retryBusy(() => removals.remove([track.key], 'request'));
  bot.log.info({ track: trackId, by: interaction.user.id }, 'a track was removed');
  return removedReply(texts, track);
}

type Words = Texts['library']['command'];

export function libraryDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  const { Subcommand } = ApplicationCommandOptionType;
  return {
    type: ApplicationCommandType.ChatInput,
    ...localized(({ library }) => library.command.library),
    // A server's admins may change who sees the command, so each use checks the rights again.
    default_member_permissions: String(PermissionFlagsBits.ManageGuild),
    contexts: [InteractionContextType.Guild],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      { type: Subcommand, ...named(({ status }) => status) },
      { type: Subcommand, ...named(({ reindex }) => reindex), options: reindexOptions() },
      { type: Subcommand, ...named(({ cancel }) => cancel) },
      { type: Subcommand, ...named(({ failures }) => failures) },
      { type: Subcommand, ...named(({ remove }) => remove), options: removeOptions() },
      { type: Subcommand, ...named(({ settings }) => settings), options: settingsOptions() },
    ],
  };
}

function named(wordsIn: (words: Words) => { readonly name: string; readonly description: string }) {
  return localized(({ library }) => wordsIn(library.command));
}

function choice(value: string, nameIn: (words: Words) => string) {
  return { ...localizedName(({ library }) => nameIn(library.command)), value };
}

function reindexOptions() {
  const choices = [
    choice('changed', ({ reindex }) => reindex.mode.changed),
    choice('everything', ({ reindex }) => reindex.mode.everything),
  ];
  return [{ type: ApplicationCommandOptionType.String as const, ...named(({ reindex }) => reindex.mode), choices }];
}

function removeOptions() {
  const piece = { ...named(({ remove }) => remove.piece), required: true, autocomplete: true as const };
  return [{ type: ApplicationCommandOptionType.String as const, ...piece, max_length: pieceLengthMax }];
}

function settingsOptions() {
  const settings = (wordsIn: (words: Words['settings']) => { name: string; description: string }) =>
    named((words) => wordsIn(words.settings));
  const resetChoices = [
    choice('share-channel', (words) => words.settings.reset.shareChannel),
    choice('schedule', (words) => words.settings.reset.schedule),
    choice('results', (words) => words.settings.reset.results),
  ];
  return [
    {
      type: ApplicationCommandOptionType.Channel as const,
      ...settings(({ shareChannel }) => shareChannel),
      channel_types: [ChannelType.GuildText as const, ChannelType.GuildAnnouncement as const],
    },
    {
      type: ApplicationCommandOptionType.String as const,
      ...settings(({ schedule }) => schedule),
      max_length: cronLengthMax,
    },
    {
      type: ApplicationCommandOptionType.String as const,
      ...settings(({ timeZone }) => timeZone),
      max_length: timeZoneLengthMax,
    },
    { type: ApplicationCommandOptionType.Boolean as const, ...settings(({ private: isPrivate }) => isPrivate) },
    {
      type: ApplicationCommandOptionType.Integer as const,
      ...settings(({ results }) => results),
      min_value: 1,
      max_value: resultsMax,
    },
    { type: ApplicationCommandOptionType.String as const, ...settings(({ reset }) => reset), choices: resetChoices },
  ];
}
