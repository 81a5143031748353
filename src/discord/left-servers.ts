/** Deletes the settings of servers that the bot has left: at once, and at the start for servers left while it was offline.
 *  An outage of a server at Discord does not count as leaving. */
import { type Client, Events, ShardClientUtil } from 'discord.js';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { BotContext } from './bot-context.ts';

type Parts = Pick<BotContext, 'catalog' | 'client' | 'log'>;

export function watchLeftServers(parts: Parts): void {
  parts.client.on(Events.GuildDelete, ({ id }) => void forget(id, parts));
}

/** @param parts.client ready, so that its servers are known */
export async function deleteLeftServerSettings(parts: Parts): Promise<void> {
  const { catalog, client } = parts;
  const left = catalog.guildSettings
    .guildIds()
    .filter((id) => isOfThisProcess(id, client) && !client.guilds.cache.has(id));
  for (const id of left) await forget(id, parts);
}

async function forget(guildId: string, { catalog, log }: Parts): Promise<void> {
  try {
    await retryBusy(() => catalog.guildSettings.delete(guildId));
    log.info({ server: guildId }, 'the settings of a server that the bot left are deleted');
  } catch (err) {
    log.warn({ server: guildId, err }, 'the settings of a server that the bot left could not be deleted');
  }
}

/** Each shard knows only its own servers.
 *  @see https://docs.discord.com/developers/events/gateway#sharding */
export function isOfThisProcess(guildId: string, { shard }: Client): boolean {
  return shard === null || shard.ids.includes(ShardClientUtil.shardIdForGuildId(guildId, shard.count));
}
