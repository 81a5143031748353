/** Permissions of users in servers and channels, by Discord's rules.
 *  @see https://discord.com/developers/docs/topics/permissions#permission-overwrites */
import { ChannelType, PermissionFlagsBits } from 'discord-api-types/v10';
import type { Channel, Guild, World } from './world.ts';

const p = PermissionFlagsBits;
const allPermissions = Object.values(PermissionFlagsBits).reduce((sum, bit) => sum | bit, 0n);

/** Permissions of @everyone in a new server that concern text channels. */
export const everyonePermissions =
  p.ViewChannel |
  p.SendMessages |
  p.EmbedLinks |
  p.AttachFiles |
  p.ReadMessageHistory |
  p.AddReactions |
  p.UseExternalEmojis |
  p.MentionEveryone |
  p.UseApplicationCommands |
  p.ChangeNickname |
  p.CreateInstantInvite |
  p.SendMessagesInThreads |
  p.CreatePublicThreads |
  p.CreatePrivateThreads |
  p.SendVoiceMessages;

/** `app_permissions` in a direct message with the bot.
 *  @see https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-structure */
export const directMessageAppPermissions = p.AttachFiles | p.EmbedLinks | p.MentionEveryone | p.UseExternalEmojis;

export function permissionsInGuild(guild: Guild, userId: string): bigint {
  if (guild.ownerId === userId) return allPermissions;
  const ownRoleIds = guild.members.get(userId);
  if (!ownRoleIds) return 0n;
  const roleIds = [guild.id, ...ownRoleIds];
  const bits = roleIds.reduce((sum, id) => sum | (guild.roles.get(id)?.permissions ?? 0n), 0n);
  return bits & p.Administrator ? allPermissions : bits;
}

/** Threads have the permissions of their channel. A private thread is visible to its members and to moderators only. */
export function permissionsInChannel(world: World, channel: Channel, userId: string): bigint {
  const guild = world.guildOf(channel);
  // A direct message or a group has no roles or overwrites.
  if (channel.memberIds) return channel.memberIds.includes(userId) ? everyonePermissions : 0n;
  if (!guild) return channel.recipientId === userId || world.users.get(userId)?.isBot ? everyonePermissions : 0n;
  const bits = permissionsByRoles(guild, channel, userId);
  const isOutside = channel.type === ChannelType.PrivateThread && !channel.thread?.memberIds.has(userId);
  return isOutside && !(bits & p.ManageThreads) ? 0n : bits;
}

/** `app_permissions` of an interaction in a server. Discord computes them from roles and overwrites. Members of a private
 *  thread can use commands there although the bot cannot see the thread. */
export function appPermissions(guild: Guild, channel: Channel, botId: string): bigint {
  return permissionsByRoles(guild, channel, botId);
}

function permissionsByRoles(guild: Guild, channel: Channel, userId: string): bigint {
  const owner = channel.thread ? guild.channels.get(channel.parentId ?? '') : channel;
  return owner ? permissionsInGuildChannel(guild, owner, userId) : 0n;
}

/** The permission to send messages. Threads have a separate one. */
export function sendBit(channel: Channel): bigint {
  return channel.thread ? p.SendMessagesInThreads : p.SendMessages;
}

function permissionsInGuildChannel(guild: Guild, channel: Channel, userId: string): bigint {
  const base = permissionsInGuild(guild, userId);
  if (base & p.Administrator || !guild.members.has(userId)) return base;
  const apply = (bits: bigint, ids: readonly string[]) => {
    const found = ids.flatMap((id) => channel.overwrites.get(id) ?? []);
    const denied = found.reduce((sum, { deny }) => sum | deny, 0n);
    return (bits & ~denied) | found.reduce((sum, { allow }) => sum | allow, 0n);
  };
  const ofEveryone = apply(base, [guild.id]);
  const ofRoles = apply(ofEveryone, guild.members.get(userId) ?? []);
  return apply(ofRoles, [userId]);
}

/** Administrators have all permissions, see permissionsInGuild. */
export function hasAll(permissions: bigint, needed: bigint): boolean {
  return (permissions & needed) === needed;
}
