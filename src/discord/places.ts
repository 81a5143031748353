/** Places where the bot can be used without being there. A user who installed the bot for themselves uses it in servers that it
 *  is not a member of, in groups and in other people's direct messages. There it answers, but cannot post.
 *  @see https://docs.discord.com/developers/resources/application#installation-context */
import { type BaseInteraction, type Client, InteractionContextType } from 'discord.js';

type Parts = { readonly client: Pick<Client, 'guilds'> };

/** Whether the interaction is in a server that the bot is a member of. A server in an outage counts. */
export function isMemberHere({ guildId }: Pick<BaseInteraction, 'guildId'>, { client }: Parts): boolean {
  return guildId !== null && client.guilds.cache.has(guildId);
}

/** Whether the bot can post messages of its own here: in its servers and in its direct messages. */
export function canPostHere(interaction: Pick<BaseInteraction, 'guildId' | 'context'>, parts: Parts): boolean {
  if (interaction.guildId !== null) return isMemberHere(interaction, parts);
  return interaction.context !== InteractionContextType.PrivateChannel;
}
