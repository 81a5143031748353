/** `/similar`: queries with a clip, a link or a library track. */
import type { ChatInputCommandInteraction } from 'discord.js';
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import { type RequestedSource, readPart, resultsMax } from '../src/answering/question.ts';
import { type BotContext, isPrivateByDefault, resultsByDefault } from '../src/discord/bot-context.ts';
import type { ChatCommand } from '../src/discord/handler.ts';
import { runOrAskChoice } from '../src/discord/queries/choose-source.ts';
import { choosePiece, offerPieces } from '../src/discord/queries/pieces.ts';
import type { QueryRunner } from '../src/discord/queries/query-runner.ts';
import { type Focus, focusNames } from '../src/domain.ts';
import { LeitmotifError } from '../src/errors.ts';
import { focusOf } from '../src/query/query-request.ts';
import { everywhere, localized, localizedName, pieceLengthMax } from './localized.ts';

/** 100:00:00.000 and some room for typing errors. */
const timeLengthMax = 16;
const linkLengthMax = 2000;

/** Two of Discord's groups (mp3, m4a, wav, ogg, opus, flac and mp4, mov, qt, webm) and other formats of recorded music. Ten at
 *  most. Discord checks only the file name's extension, so the bot probes every file it gets.
 *  @see https://docs.discord.com/developers/reference#file-type-filtering */
const fileTypes = ['audio', 'video', '.aac', '.aif', '.aiff', '.wma', '.amr', '.oga', '.mka', '.3gp'] as const;

export function similarDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  const { Attachment, Boolean: YesNo, Integer, String: Text } = ApplicationCommandOptionType;
  return {
    type: ApplicationCommandType.ChatInput,
    ...localized(({ query }) => query.command),
    ...everywhere,
    options: [
      { type: Attachment, ...localized(({ query }) => query.command.clip), file_types: [...fileTypes] },
      { type: Text, ...localized(({ query }) => query.command.link), max_length: linkLengthMax },
      { type: Text, ...localized(({ query }) => query.command.piece), autocomplete: true, max_length: pieceLengthMax },
      { type: Integer, ...localized(({ query }) => query.command.results), min_value: 1, max_value: resultsMax },
      { type: Text, ...localized(({ query }) => query.command.from), max_length: timeLengthMax },
      { type: Text, ...localized(({ query }) => query.command.to), max_length: timeLengthMax },
      { type: YesNo, ...localized(({ query }) => query.command.private) },
      { type: YesNo, ...localized(({ query }) => query.command.sameArtist) },
      { type: Text, ...localized(({ query }) => query.command.focus), choices: focusNames.map(focusChoice) },
    ],
  };
}

function focusChoice(value: Focus) {
  return { ...localizedName(({ query }) => query.command.focusNames[value]), value };
}

export function similarCommand(bot: BotContext, queryRunner: QueryRunner): ChatCommand {
  const isPrivate = ({ options, guildId }: ChatInputCommandInteraction) =>
    options.getBoolean('private') ?? isPrivateByDefault(bot, guildId);
  return {
    kind: 'chat',
    definition: similarDefinition(),
    isPrivate,
    autocomplete: async ({ options }) => offerPieces(bot.catalog, options.getFocused()),
    run: async (interaction) => {
      const { options, guildId } = interaction;
      const part = readPart(options.getString('from'), options.getString('to'));
      const requested = readSource(interaction, bot);
      const results = options.getInteger('results') ?? resultsByDefault(bot, guildId);
      const sameArtist = options.getBoolean('same_artist') ?? false;
      const focus = focusOf(options.getString('focus') ?? undefined);
      const picked = { ...part, results, sameArtist, focus, isPrivate: isPrivate(interaction) };
      await runOrAskChoice({ bot, queryRunner }, interaction, [requested], picked);
    },
  };
}

/** @throws {LeitmotifError} 'bad-request' unless exactly one of the three is given */
function readSource({ options }: Pick<ChatInputCommandInteraction, 'options'>, bot: BotContext): RequestedSource {
  const [clip, link, piece] = [options.getAttachment('clip'), options.getString('link'), options.getString('piece')];
  if ([clip, link, piece].filter((given) => given !== null).length !== 1) {
    const facts = { problem: 'one-of-three' };
    throw new LeitmotifError('bad-request', 'Cannot query: expected exactly one of clip, link and piece', { facts });
  }
  if (clip) return { kind: 'clip', url: clip.url, name: clip.name, sizeBytes: clip.size };
  if (link) return { kind: 'link', url: link };
  return choosePiece(bot.catalog, piece ?? '');
}
