/** Who may do what, where: Discord's own arithmetic.
 *  @see https://discord.com/developers/docs/topics/permissions#permission-overwrites */
import { ChannelType, PermissionFlagsBits } from 'discord-api-types/v10';
import type { Channel, Guild, World } from './world.ts';

const p = PermissionFlagsBits;
const allPermissions = Object.values(PermissionFlagsBits).reduce((sum, bit) => sum | bit, 0n);

/** What @everyone has in a new server, as far as it matters to text. */
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

/** A thread has those of its channel; a private one is there for its members and for who manages threads. */
export function permissionsInChannel(world: World, channel: Channel, userId: string): bigint {
  const guild = world.guildOf(channel);
  // The bot and one person: nobody has granted anything, and nobody can take it away.
  if (channel.memberIds) return channel.memberIds.includes(userId) ? everyonePermissions : 0n;
  if (!guild) return channel.recipientId === userId || world.users.get(userId)?.isBot ? everyonePermissions : 0n;
  if (!channel.thread) return permissionsInGuildChannel(guild, channel, userId);
  const parent = guild.channels.get(channel.parentId ?? '');
  const bits = parent ? permissionsInGuildChannel(guild, parent, userId) : 0n;
  const isOutside = channel.type === ChannelType.PrivateThread && !channel.thread.memberIds.has(userId);
  return isOutside && !(bits & p.ManageThreads) ? 0n : bits;
}

/** The right to write: threads have one of their own. */
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

/** An administrator has them all, see above. */
export function hasAll(permissions: bigint, needed: bigint): boolean {
  return (permissions & needed) === needed;
}
