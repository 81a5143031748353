/** "Find similar music" in a message's menu: queries with the message's audio, the audio of the message that it forwards or
 *  replies to, or its links. */
import type { MessageContextMenuCommandInteraction } from 'discord.js';
import { ApplicationCommandType, type RESTPostAPIContextMenuApplicationCommandsJSONBody } from 'discord-api-types/v10';
import { type BotContext, isPrivateByDefault, resultsByDefault } from '../src/discord/bot-context.ts';
import type { MessageCommand } from '../src/discord/handler.ts';
import { runOrAskChoice } from '../src/discord/queries/choose-source.ts';
import { type MessageWithAudio, messageOfPayload, sourcesInMessage } from '../src/discord/queries/message-audio.ts';
import type { QueryRunner } from '../src/discord/queries/query-runner.ts';
import { LeitmotifError } from '../src/errors.ts';
import { everywhere, localizedName } from './localized.ts';

export function findSimilarMusicDefinition(): RESTPostAPIContextMenuApplicationCommandsJSONBody {
  return {
    type: ApplicationCommandType.Message,
    ...localizedName(({ query }) => query.command.menuName),
    ...everywhere,
  };
}

export function findSimilarMusicCommand(bot: BotContext, queryRunner: QueryRunner): MessageCommand {
  return {
    kind: 'message',
    definition: findSimilarMusicDefinition(),
    isPrivate: ({ guildId }) => isPrivateByDefault(bot, guildId),
    run: async (interaction) => {
      const choices = sourcesInMessage(targetOf(interaction, bot));
      if (choices.length === 0) {
        const facts = { problem: 'message-without-audio' };
        throw new LeitmotifError('bad-request', 'Cannot query with this message: it has no audio and no link', {
          facts,
        });
      }
      const { guildId } = interaction;
      const results = resultsByDefault(bot, guildId);
      const options = { fromSec: null, toSec: null, results, sameArtist: false, focus: 'balanced' as const };
      const picked = { ...options, isPrivate: isPrivateByDefault(bot, guildId) };
      await runOrAskChoice({ bot, queryRunner }, interaction, choices, picked);
    },
  };
}

/** Reads the raw payload: discord.js keeps the message that a reply refers to in a cache that this bot turns off. */
function targetOf(interaction: MessageContextMenuCommandInteraction, { payloads }: BotContext): MessageWithAudio {
  const data = payloads.of(interaction)?.data;
  const messages = data && 'resolved' in data && data.resolved && 'messages' in data.resolved && data.resolved.messages;
  const sent = messages ? messages[interaction.targetId] : undefined;
  return sent ? messageOfPayload(sent) : interaction.targetMessage;
}
