/** "Find similar music" in a message's menu: asks with the audio of that message, or with its links. */
import type { Asker } from '../src/discord/asking/asker.ts';
import { askedOf } from '../src/discord/asking/message-audio.ts';
import { type BotContext, isPrivateByDefault, resultsByDefault } from '../src/discord/bot-context.ts';
import { findSimilarMusicDefinition } from '../src/discord/definitions/similar.ts';
import type { MessageCommand } from '../src/discord/handler.ts';
import { chooseReply } from '../src/discord/replies/choose.ts';
import { editReply } from '../src/discord/send.ts';
import { LeitmotifError } from '../src/errors.ts';

export function findSimilarMusicCommand(bot: BotContext, asker: Asker): MessageCommand {
  return {
    kind: 'message',
    definition: findSimilarMusicDefinition(),
    isPrivate: ({ guildId }) => isPrivateByDefault(bot, guildId),
    run: async (interaction) => {
      const choices = askedOf(interaction.targetMessage);
      const [only] = choices;
      if (!only) {
        const facts = { problem: 'message-without-audio' };
        throw new LeitmotifError('bad-request', 'Cannot ask with this message: no audio in it, and no link', { facts });
      }
      if (choices.length > 1)
        return void (await editReply(interaction, chooseReply(bot.texts(interaction.locale), { choices })));
      const results = resultsByDefault(bot, interaction.guildId);
      const options = { fromSec: null, toSec: null, results, sameArtist: false };
      await asker.ask(interaction, { asked: only, options });
    },
  };
}
