/** All commands, in the order of the help. */
import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord.js';
import type { BotWiring } from '../src/discord/bot.ts';
import type { AnyCommand, ComponentHandler } from '../src/discord/handler.ts';
import { aboutCommand, aboutDefinition } from './about.ts';
import { findSimilarMusicCommand, findSimilarMusicDefinition } from './find-similar-music.ts';
import { helpCommand, helpDefinition } from './help.ts';
import { libraryCommand, libraryComponents, libraryDefinition } from './library.ts';
import { privacyCommand, privacyComponents, privacyDefinition } from './privacy.ts';
import { similarCommand, similarDefinition } from './similar.ts';

export function allCommands(wiring: BotWiring): { commands: AnyCommand[]; components: ComponentHandler[] } {
  const { bot, queryRunner } = wiring;
  return {
    commands: [
      similarCommand(bot, queryRunner),
      findSimilarMusicCommand(bot, queryRunner),
      libraryCommand(wiring),
      privacyCommand(bot),
      helpCommand(bot),
      aboutCommand(bot),
    ],
    components: [...libraryComponents(wiring), ...privacyComponents(bot)],
  };
}

/** Definitions only, to register commands without running the bot. */
export function allDefinitions(): RESTPostAPIApplicationCommandsJSONBody[] {
  return [
    similarDefinition(),
    findSimilarMusicDefinition(),
    libraryDefinition(),
    privacyDefinition(),
    helpDefinition(),
    aboutDefinition(),
  ];
}
