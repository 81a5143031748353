/** Dependencies of commands and components: the services, the Discord client and the texts. */
import type { Client } from 'discord.js';
import type { Logger } from 'pino';
import type { Services } from '../services/services.ts';
import type { Payloads } from './payloads.ts';
import type { Texts } from './texts/texts.ts';

export interface BotContext extends Services {
  readonly log: Logger;
  readonly client: Client;
  readonly payloads: Payloads;
  /** @param locale Discord's name for it (en-GB, de); null and unknown locales give English */
  readonly texts: (locale: string | null) => Texts;
  /** Aborts when the bot stops. */
  readonly stopping: AbortSignal;
}

/** The server's default, for commands without the option. */
export function isPrivateByDefault({ catalog }: Pick<BotContext, 'catalog'>, guildId: string | null): boolean {
  return guildId !== null && catalog.guildSettings.get(guildId).private;
}

export function resultsByDefault({ catalog }: Pick<BotContext, 'catalog'>, guildId: string | null): number {
  return (guildId === null ? null : catalog.guildSettings.get(guildId).results) ?? resultsDefault;
}

/** As many as fit on a phone's screen. */
const resultsDefault = 5;
