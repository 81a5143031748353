/** Who may do what, where: Discord's own arithmetic.
 *  @see https://discord.com/developers/docs/topics/permissions#permission-overwrites */
import { PermissionFlagsBits } from 'discord-api-types/v10';
import type { Channel, Guild } from './world.ts';

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
  p.SendVoiceMessages;

export function permissionsInGuild(guild: Guild, userId: string): bigint {
  if (guild.ownerId === userId) return allPermissions;
  const ownRoleIds = guild.members.get(userId);
  if (!ownRoleIds) return 0n;
  const roleIds = [guild.id, ...ownRoleIds];
  const bits = roleIds.reduce((sum, id) => sum | (guild.roles.get(id)?.permissions ?? 0n), 0n);
  return bits & p.Administrator ? allPermissions : bits;
}

export function permissionsInChannel(guild: Guild, channel: Channel, userId: string): bigint {
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
