/** Everything that people can type, in the order in which the help shows it. */
import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord.js';
import type { BotWiring } from '../src/discord/bot.ts';
import { aboutDefinition, libraryDefinition } from '../src/discord/definitions/library.ts';
import { findSimilarMusicDefinition, similarDefinition } from '../src/discord/definitions/similar.ts';
import type { AnyCommand, ComponentHandler } from '../src/discord/handler.ts';
import { aboutCommand } from './about.ts';
import { findSimilarMusicCommand } from './find-similar-music.ts';
import { libraryCommand, libraryComponents } from './library.ts';
import { similarCommand } from './similar.ts';

export function allCommands(wiring: BotWiring): { commands: AnyCommand[]; components: ComponentHandler[] } {
  const { bot, asker } = wiring;
  return {
    commands: [
      similarCommand(bot, asker),
      findSimilarMusicCommand(bot, asker),
      libraryCommand(wiring),
      aboutCommand(bot),
    ],
    components: libraryComponents(wiring),
  };
}

/** For whoever registers them without running the bot. */
export function allDefinitions(): RESTPostAPIApplicationCommandsJSONBody[] {
  return [similarDefinition(), findSimilarMusicDefinition(), libraryDefinition(), aboutDefinition()];
}
