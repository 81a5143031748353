/** `/help`: three examples of a query. */
import { ApplicationCommandType, type RESTPostAPIChatInputApplicationCommandsJSONBody } from 'discord-api-types/v10';
import type { BotContext } from '../src/discord/bot-context.ts';
import type { ChatCommand } from '../src/discord/handler.ts';
import { helpReply } from '../src/discord/replies/help.ts';
import { editReply } from '../src/discord/send.ts';
import { commandIdsWithin } from './command-ids.ts';
import { everywhere, localized } from './localized.ts';

/** The reply goes out without clickable mentions when Discord does not give the ids in this time. */
const idsWithinMs = 2_000;

export function helpDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return { type: ApplicationCommandType.ChatInput, ...localized(({ help }) => help.command), ...everywhere };
}

export function helpCommand({ client, texts }: BotContext): ChatCommand {
  return {
    kind: 'chat',
    definition: helpDefinition(),
    isPrivate: () => true,
    run: async (interaction) => {
      const commandIds = await commandIdsWithin(client, idsWithinMs);
      await editReply(interaction, helpReply(texts(interaction.locale), { commandIds }));
    },
  };
}
