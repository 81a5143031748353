/** `/similar` and "Find similar music", as Discord is told about them. */
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
  type RESTPostAPIContextMenuApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import { localized, localizedName } from './localized.ts';

const resultsMax = 10;
/** 100:00:00.000 and some room for slips. */
const timeLengthMax = 16;
const linkLengthMax = 2000;
const pieceLengthMax = 200;

/** Two of Discord's groups, which are mp3, m4a, wav, ogg, opus, flac and mp4, mov, qt, webm, and what else people record and
 *  keep music in. Ten at most. Discord looks at the name's ending only, so a lying one gets through: what came is probed.
 *  @see https://docs.discord.com/developers/reference#file-type-filtering */
const fileTypes = ['audio', 'video', '.aac', '.aif', '.aiff', '.wma', '.amr', '.oga', '.mka', '.3gp'] as const;

/** In servers and in the bot's own direct messages. */
const where = {
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
  integration_types: [ApplicationIntegrationType.GuildInstall],
};

export function similarDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  const { Attachment, Boolean: YesNo, Integer, String: Text } = ApplicationCommandOptionType;
  return {
    type: ApplicationCommandType.ChatInput,
    ...localized(({ query }) => query.command),
    ...where,
    options: [
      { type: Attachment, ...localized(({ query }) => query.command.clip), file_types: [...fileTypes] },
      { type: Text, ...localized(({ query }) => query.command.link), max_length: linkLengthMax },
      { type: Text, ...localized(({ query }) => query.command.piece), autocomplete: true, max_length: pieceLengthMax },
      { type: Integer, ...localized(({ query }) => query.command.results), min_value: 1, max_value: resultsMax },
      { type: Text, ...localized(({ query }) => query.command.from), max_length: timeLengthMax },
      { type: Text, ...localized(({ query }) => query.command.to), max_length: timeLengthMax },
      { type: YesNo, ...localized(({ query }) => query.command.private) },
      { type: YesNo, ...localized(({ query }) => query.command.sameArtist) },
    ],
  };
}

export function findSimilarMusicDefinition(): RESTPostAPIContextMenuApplicationCommandsJSONBody {
  return { type: ApplicationCommandType.Message, ...localizedName(({ query }) => query.command.menuName), ...where };
}
