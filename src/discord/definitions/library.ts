/** `/library` and `/about`, as Discord is told about them. */
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionFlagsBits,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import type { Texts } from '../texts/texts.ts';
import { localized, localizedName } from './localized.ts';

const resultsMax = 10;
const pieceLengthMax = 200;
const cronLengthMax = 100;
const timeZoneLengthMax = 64;

type Words = Texts['library']['command'];

export function libraryDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  const { Subcommand } = ApplicationCommandOptionType;
  return {
    type: ApplicationCommandType.ChatInput,
    ...localized(({ library }) => library.command.library),
    // A server's admins may change who sees it, so what it does is checked again when it is used.
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

export function aboutDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    type: ApplicationCommandType.ChatInput,
    ...named(({ about }) => about),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
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
  const takenBack = [
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
    { type: ApplicationCommandOptionType.String as const, ...settings(({ reset }) => reset), choices: takenBack },
  ];
}
