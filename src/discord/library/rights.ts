/** Who may do what with the library, and where the bot may speak. Asked anew at every use and every press: Discord only
 *  hides the command, and rights change while a message stands. */
import {
  type BaseInteraction,
  type Channel,
  type Client,
  type GuildBasedChannel,
  type PermissionResolvable,
  PermissionsBitField,
} from 'discord.js';
import type { PermissionName } from '../replies/library-reindex.ts';
import type { Texts } from '../texts/texts.ts';

export type Refusal = keyof Texts['library']['refused'];

/** @param needs owner: what costs hours or cannot be undone from Discord
 *  @returns why not; null when it may be done */
export function refusalOf(
  interaction: Pick<BaseInteraction, 'memberPermissions' | 'user' | 'guildId'>,
  owners: readonly string[],
  needs: 'admin' | 'owner' = 'admin',
): Refusal | null {
  if (interaction.guildId === null) return 'direct';
  if (!interaction.memberPermissions?.has(PermissionsBitField.Flags.ManageGuild)) return 'manageGuild';
  return needs === 'owner' && !owners.includes(interaction.user.id) ? 'owner' : null;
}

/** What the bot lacks of what telling a job's progress needs, where it was asked. */
export function missingToTell({ appPermissions, channel }: Pick<BaseInteraction, 'appPermissions' | 'channel'>) {
  return missingOf(appPermissions, neededToTell(channel));
}

/** The same for a channel in which nobody asks just now. */
export async function missingToTellIn(client: Client, channelId: string): Promise<PermissionName[]> {
  const channel = await client.channels.fetch(channelId, { allowUnknownGuild: true });
  // What holds in a server of another of the bot's processes is not known in this one: there it is tried.
  if (channel === null || channel.isDMBased() || !client.guilds.cache.has(channel.guildId)) return [];
  const there = client.user && channel.permissionsFor(client.user);
  return missingOf(there ?? new PermissionsBitField(), neededToTell(channel));
}

function neededToTell(channel: Channel | null): PermissionName[] {
  return ['ViewChannel', channel?.isThread() ? 'SendMessagesInThreads' : 'SendMessages'];
}

/** What the bot lacks to share finds there. */
export function missingToShare(channel: GuildBasedChannel): PermissionName[] {
  const { me } = channel.guild.members;
  const there = me ? channel.permissionsFor(me) : new PermissionsBitField();
  return missingOf(there, neededToShare(channel));
}

/** The same where somebody presses a button: Discord says it with the press. */
export function missingToShareHere({ appPermissions, channel }: Pick<BaseInteraction, 'appPermissions' | 'channel'>) {
  return missingOf(appPermissions, neededToShare(channel));
}

function neededToShare(channel: Channel | null): PermissionName[] {
  return [...neededToTell(channel), 'EmbedLinks', 'AttachFiles'];
}

function missingOf(there: Readonly<PermissionsBitField>, needed: readonly PermissionName[]): PermissionName[] {
  return needed.filter((name) => !there.has(name as PermissionResolvable));
}
