/** `/similar`: ask with a clip, a link or a piece of the library. */
import type { ChatInputCommandInteraction } from 'discord.js';
import type { Asker } from '../src/discord/asking/asker.ts';
import { resolveLink } from '../src/discord/asking/message-link.ts';
import { choosePiece, offerPieces } from '../src/discord/asking/pieces.ts';
import { type Asked, readPart } from '../src/discord/asking/question.ts';
import { type BotContext, isPrivateByDefault, resultsByDefault } from '../src/discord/bot-context.ts';
import { similarDefinition } from '../src/discord/definitions/similar.ts';
import type { ChatCommand } from '../src/discord/handler.ts';
import { chooseReply } from '../src/discord/replies/choose.ts';
import { editReply } from '../src/discord/send.ts';
import { LeitmotifError } from '../src/errors.ts';

export function similarCommand(bot: BotContext, asker: Asker): ChatCommand {
  return {
    kind: 'chat',
    definition: similarDefinition(),
    isPrivate: ({ options, guildId }) => options.getBoolean('private') ?? isPrivateByDefault(bot, guildId),
    autocomplete: async ({ options }) => offerPieces(bot.app.catalog, options.getFocused()),
    run: async (interaction) => {
      const { options, guildId } = interaction;
      const part = readPart(options.getString('from'), options.getString('to'));
      const asked = await readAsked(interaction, bot);
      if (asked.kind === 'several')
        return void (await editReply(interaction, chooseReply(bot.texts(interaction.locale), asked)));
      const results = options.getInteger('results') ?? resultsByDefault(bot, guildId);
      const sameArtist = options.getBoolean('same_artist') ?? false;
      await asker.ask(interaction, { asked, options: { ...part, results, sameArtist } });
    },
  };
}

type Readable = Pick<ChatInputCommandInteraction, 'options' | 'user' | 'guildId'>;

/** @throws {LeitmotifError} 'bad-request' unless exactly one of the three is given */
async function readAsked({ options, user }: Readable, bot: BotContext) {
  const [clip, link, piece] = [options.getAttachment('clip'), options.getString('link'), options.getString('piece')];
  if ([clip, link, piece].filter((given) => given !== null).length !== 1) {
    const facts = { problem: 'one-of-three' };
    throw new LeitmotifError('bad-request', 'Cannot ask: expected exactly one of clip, link and piece', { facts });
  }
  if (clip) return { kind: 'clip', url: clip.url, name: clip.name, sizeBytes: clip.size } satisfies Asked;
  if (link) return resolveLink(link, user.id, bot);
  return choosePiece(bot.app.catalog, piece ?? '') satisfies Asked;
}
