/** `/similar`: ask with a clip, a link or a piece of the library. */
import type { ChatInputCommandInteraction } from 'discord.js';
import { type BotContext, isPrivateByDefault, resultsByDefault } from '../src/discord/bot-context.ts';
import { similarDefinition } from '../src/discord/definitions/similar.ts';
import type { ChatCommand } from '../src/discord/handler.ts';
import { askOrChoose } from '../src/discord/queries/choose-source.ts';
import { choosePiece, offerPieces } from '../src/discord/queries/pieces.ts';
import type { Asker } from '../src/discord/queries/query-runner.ts';
import { type Asked, readPart } from '../src/discord/queries/question.ts';
import { LeitmotifError } from '../src/errors.ts';

export function similarCommand(bot: BotContext, asker: Asker): ChatCommand {
  const isPrivate = ({ options, guildId }: ChatInputCommandInteraction) =>
    options.getBoolean('private') ?? isPrivateByDefault(bot, guildId);
  return {
    kind: 'chat',
    definition: similarDefinition(),
    isPrivate,
    autocomplete: async ({ options }) => offerPieces(bot.app.catalog, options.getFocused()),
    run: async (interaction) => {
      const { options, guildId } = interaction;
      const part = readPart(options.getString('from'), options.getString('to'));
      const asked = readAsked(interaction, bot);
      const results = options.getInteger('results') ?? resultsByDefault(bot, guildId);
      const sameArtist = options.getBoolean('same_artist') ?? false;
      const picked = { ...part, results, sameArtist, isPrivate: isPrivate(interaction) };
      await askOrChoose({ bot, asker }, interaction, [asked], picked);
    },
  };
}

/** @throws {LeitmotifError} 'bad-request' unless exactly one of the three is given */
function readAsked({ options }: Pick<ChatInputCommandInteraction, 'options'>, bot: BotContext): Asked {
  const [clip, link, piece] = [options.getAttachment('clip'), options.getString('link'), options.getString('piece')];
  if ([clip, link, piece].filter((given) => given !== null).length !== 1) {
    const facts = { problem: 'one-of-three' };
    throw new LeitmotifError('bad-request', 'Cannot ask: expected exactly one of clip, link and piece', { facts });
  }
  if (clip) return { kind: 'clip', url: clip.url, name: clip.name, sizeBytes: clip.size };
  if (link) return { kind: 'link', url: link };
  return choosePiece(bot.app.catalog, piece ?? '');
}
