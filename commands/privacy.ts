/** `/privacy`: what is stored about the user, and a button that deletes it. The button names its user, and only that user's
 *  press deletes. */
import { ApplicationCommandType, type RESTPostAPIChatInputApplicationCommandsJSONBody } from 'discord-api-types/v10';
import { retryBusy } from '../src/catalog/retry-busy.ts';
import type { BotContext } from '../src/discord/bot-context.ts';
import type { ChatCommand, ComponentHandler } from '../src/discord/handler.ts';
import { eraseAction, erasedReply, notYoursReply, privacyReply } from '../src/discord/replies/privacy.ts';
import { editReply, followUpPrivately } from '../src/discord/send.ts';
import { everywhere, localized } from './localized.ts';

export function privacyDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return { type: ApplicationCommandType.ChatInput, ...localized(({ privacy }) => privacy.command), ...everywhere };
}

export function privacyCommand(bot: BotContext): ChatCommand {
  return {
    kind: 'chat',
    definition: privacyDefinition(),
    isPrivate: () => true,
    run: async (interaction) => {
      const { answersKeptMs, userIdsKeptMs } = bot.config;
      const userId = interaction.user.id;
      const data = await retryBusy(() => bot.catalog.people.count(userId));
      const view = { userId, data, answersKeptMs, userIdsKeptMs };
      await editReply(interaction, privacyReply(bot.texts(interaction.locale), view));
    },
  };
}

export function privacyComponents(bot: BotContext): ComponentHandler[] {
  return [
    {
      action: eraseAction,
      acknowledge: () => 'update',
      run: async (interaction, { args: [ownerId] }) => {
        const texts = bot.texts(interaction.locale);
        const userId = interaction.user.id;
        if (userId !== ownerId) return followUpPrivately(interaction, notYoursReply(texts));
        const erased = await bot.maintenance.erasePerson(userId, retryBusy);
        await editReply(interaction, erasedReply(texts, erased));
      },
    },
  ];
}
