/** What commands and components are given: the program's jobs, and how to speak. */
import type { Client } from 'discord.js';
import type { Logger } from 'pino';
import type { Services } from '../services/services.ts';
import type { Payloads } from './payloads.ts';
import type { Texts } from './texts/texts.ts';

export interface BotContext extends Services {
  readonly log: Logger;
  readonly client: Client;
  readonly payloads: Payloads;
  /** @param locale as Discord names it (en-GB, de); an unknown one or null is answered in English */
  readonly texts: (locale: string | null) => Texts;
  /** Aborted when the bot is told to stop. */
  readonly stopping: AbortSignal;
}

/** What a server's admins set, for whoever does not say otherwise. */
export function isPrivateByDefault({ catalog }: Pick<BotContext, 'catalog'>, guildId: string | null): boolean {
  return guildId !== null && catalog.guildSettings.get(guildId).private;
}

export function resultsByDefault({ catalog }: Pick<BotContext, 'catalog'>, guildId: string | null): number {
  return (guildId === null ? null : catalog.guildSettings.get(guildId).results) ?? resultsDefault;
}

const resultsDefault = 10;
