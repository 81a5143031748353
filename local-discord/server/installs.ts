/** Places that the bot is not a member of: a server without it, and a group. There a person uses it as an app that they have
 *  installed for themselves.
 *  @see https://docs.discord.com/developers/resources/application#installation-context */
import { ApplicationIntegrationType, ChannelType, InteractionContextType } from 'discord-api-types/v10';
import { appPermissions, directMessageAppPermissions, permissionsInChannel } from './permissions.ts';
import type { Channel, World } from './world.ts';

/** Whether the bot sees the channel's events and may call the API about it. */
export function isBotIn(world: World, channel: Channel, botId: string): boolean {
  const guild = world.guildOf(channel);
  return guild ? guild.members.has(botId) : channel.type === ChannelType.DM;
}

/** `app_permissions` of an interaction: without the bot in the server, those of the person. */
export function appPermissionsIn(world: World, channel: Channel, botId: string, userId: string): bigint {
  if (channel.guildId === null) return directMessageAppPermissions;
  const guild = world.guildOf(channel);
  return guild?.members.has(botId)
    ? appPermissions(guild, channel, botId)
    : permissionsInChannel(world, channel, userId);
}

/** `authorizing_integration_owners` */
export function authorizingOwners(world: World, channel: Channel, botId: string, userId: string) {
  return isBotIn(world, channel, botId)
    ? { [ApplicationIntegrationType.GuildInstall]: channel.guildId ?? '0' }
    : { [ApplicationIntegrationType.UserInstall]: userId };
}

export function contextOf({ guildId, type }: Channel): InteractionContextType {
  if (guildId !== null) return InteractionContextType.Guild;
  return type === ChannelType.GroupDM ? InteractionContextType.PrivateChannel : InteractionContextType.BotDM;
}
