/** The servers in which a find can be posted, of all shards. This shard's client knows its own; Discord is asked about the others. */
import { type APIGuild, Routes } from 'discord.js';
import type { BotContext } from './bot-context.ts';
import { isOfThisProcess } from './left-servers.ts';

export interface ShareServer {
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly channelId: string;
}

type Named = Pick<ShareServer, 'name' | 'locale'>;

/** Names change rarely, and each is a request. */
const namesKnownMs = 10 * 60_000;

export class ShareServers {
  readonly #bot: Pick<BotContext, 'client' | 'catalog' | 'log'>;
  readonly #known = new Map<string, { readonly atMs: number; readonly named: Named | null }>();

  constructor(bot: Pick<BotContext, 'client' | 'catalog' | 'log'>) {
    this.#bot = bot;
  }

  async list(): Promise<ShareServer[]> {
    const { guildSettings } = this.#bot.catalog;
    const found = guildSettings.guildIds().map(async (id): Promise<ShareServer[]> => {
      const { shareChannelId: channelId } = guildSettings.get(id);
      if (channelId === null) return [];
      const named = await this.#named(id);
      return named ? [{ id, channelId, ...named }] : [];
    });
    return (await Promise.all(found)).flat();
  }

  /** @returns null for a server that the bot has left */
  async #named(id: string): Promise<Named | null> {
    const { client } = this.#bot;
    const guild = client.guilds.cache.get(id);
    if (guild) return { name: guild.name, locale: guild.preferredLocale };
    return isOfThisProcess(id, client) ? null : this.#ofOtherShard(id);
  }

  async #ofOtherShard(id: string): Promise<Named | null> {
    const known = this.#known.get(id);
    if (known && performance.now() - known.atMs < namesKnownMs) return known.named;
    const named = await this.#ask(id);
    this.#known.set(id, { atMs: performance.now(), named });
    return named;
  }

  async #ask(id: string): Promise<Named | null> {
    try {
      const { name, preferred_locale: locale } = (await this.#bot.client.rest.get(Routes.guild(id))) as APIGuild;
      return { name, locale };
    } catch (err) {
      this.#bot.log.info({ server: id, err }, 'a server of another shard is not known');
      return null;
    }
  }
}
