/** `/about`: describes the bot, the data it stores, and its commands. */
import { readFileSync } from 'node:fs';
import { ApplicationCommandType, type RESTPostAPIChatInputApplicationCommandsJSONBody } from 'discord-api-types/v10';
import type { BotContext } from '../src/discord/bot-context.ts';
import type { ChatCommand } from '../src/discord/handler.ts';
import { modelFacts } from '../src/discord/library/status.ts';
import { aboutReply } from '../src/discord/replies/about.ts';
import { editReply } from '../src/discord/send.ts';
import { commandIdsWithin } from './command-ids.ts';
import { everywhere, localized } from './localized.ts';

/** The reply goes out without the facts that the worker or Discord does not give in this time. */
const factsWithinMs = 5_000;

export function aboutDefinition(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    type: ApplicationCommandType.ChatInput,
    ...localized(({ library }) => library.command.about),
    ...everywhere,
  };
}

export function aboutCommand(bot: BotContext): ChatCommand {
  const version = ownVersion();
  return {
    kind: 'chat',
    definition: aboutDefinition(),
    isPrivate: () => true,
    run: async (interaction) => {
      const texts = bot.texts(interaction.locale);
      const [model, commandIds] = await Promise.all([
        modelFacts(bot, AbortSignal.timeout(factsWithinMs)).catch(() => null),
        commandIdsWithin(bot.client, factsWithinMs),
      ]);
      const { answersKeptMs } = bot.config;
      const menuName = texts.query.command.menuName;
      await editReply(interaction, aboutReply(texts, { model, answersKeptMs, commandIds, menuName, version }));
    },
  };
}

function ownVersion(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(file) as { version?: unknown }).version);
}
