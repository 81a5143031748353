/** Rights: what a user may do with the library, and where the bot may post. Checked at every use and every button press:
 *  Discord only hides the command, and rights change while a message exists. */
import {
  type BaseInteraction,
  type Channel,
  ChannelType,
  type Client,
  type GuildBasedChannel,
  type PermissionResolvable,
  PermissionsBitField,
} from 'discord.js';
import type { BotContext } from '../bot-context.ts';
import type { PermissionName } from '../replies/library-reindex.ts';
import type { Texts } from '../texts/texts.ts';

export type RightsRefusal = keyof Texts['library']['refused'];

/** status   the short status of the library: Manage Server, or an owner
 *  server   this server's own settings: Manage Server
 *  library  the library that all servers share: an owner, or Manage Server in a home server
 *  owner    actions that take hours or cannot be undone from Discord: an owner */
export type RequiredRight = 'status' | 'server' | 'library' | 'owner';

type Asking = Pick<BaseInteraction, 'memberPermissions' | 'user' | 'guildId'>;

/** @returns why the action is refused; null when it is allowed */
export function refusalOf(
  interaction: Asking,
  bot: Pick<BotContext, 'client' | 'config'>,
  need: RequiredRight,
): RightsRefusal | null {
  const { guildId, user, memberPermissions } = interaction;
  if (guildId === null) return 'direct';
  if (need !== 'server' && bot.config.discord.owners.includes(user.id)) return null;
  if (!memberPermissions?.has(PermissionsBitField.Flags.ManageGuild)) return 'manageGuild';
  if (need === 'owner') return 'owner';
  return need === 'library' && !isHomeServer(guildId, bot) ? 'home' : null;
}

/** Without DISCORD_HOME_SERVERS, the home server is the bot's only server. A shard knows only its own servers, so with
 *  sharding the variable is required. */
export function isHomeServer(guildId: string, { client, config }: Pick<BotContext, 'client' | 'config'>): boolean {
  const { homeServers } = config.discord;
  if (homeServers.length > 0) return homeServers.includes(guildId);
  const { cache } = client.guilds;
  return (client.shard?.count ?? 1) === 1 && cache.size === 1 && cache.has(guildId);
}

type ChannelContext = Pick<BaseInteraction, 'appPermissions' | 'channel'>;

/** @param type the channel's type from the interaction: not every channel is cached, threads rarely are
 *  @returns the permissions that the bot lacks here to announce a job's progress */
export function missingToAnnounce(
  { appPermissions, channel }: ChannelContext,
  type: ChannelType | null = null,
): PermissionName[] {
  return missingOf(appPermissions, neededToAnnounce(channel, type));
}

/** The same for a channel without an interaction. */
export async function missingToAnnounceIn(client: Client, channelId: string): Promise<PermissionName[]> {
  const channel = await client.channels.fetch(channelId, { allowUnknownGuild: true });
  // Permissions in another shard's server are unknown here: the caller tries to post.
  if (channel === null || channel.isDMBased() || !client.guilds.cache.has(channel.guildId)) return [];
  const permissions = client.user && channel.permissionsFor(client.user);
  return missingOf(permissions ?? new PermissionsBitField(), neededToAnnounce(channel));
}

/** @param type takes precedence over `channel` */
function neededToAnnounce(channel: Channel | null, type: ChannelType | null = null): PermissionName[] {
  // In direct messages the bot needs no permission.
  if (type === ChannelType.DM) return [];
  const isThread = type === null ? channel?.isThread() : threads.includes(type);
  return ['ViewChannel', isThread ? 'SendMessagesInThreads' : 'SendMessages'];
}

const threads: readonly ChannelType[] = [
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
];

/** @returns the permissions that the bot lacks to share results there */
export function missingToShare(channel: GuildBasedChannel): PermissionName[] {
  const { me } = channel.guild.members;
  const permissions = me ? channel.permissionsFor(me) : new PermissionsBitField();
  return missingOf(permissions, neededToShare(channel));
}

/** The same in the channel of a button press, from the permissions in the interaction.
 *  @param type as in missingToAnnounce */
export function missingToShareHere(
  { appPermissions, channel }: ChannelContext,
  type: ChannelType | null = null,
): PermissionName[] {
  return missingOf(appPermissions, neededToShare(channel, type));
}

function neededToShare(channel: Channel | null, type: ChannelType | null = null): PermissionName[] {
  return [...neededToAnnounce(channel, type), 'EmbedLinks', 'AttachFiles'];
}

function missingOf(permissions: Readonly<PermissionsBitField>, needed: readonly PermissionName[]): PermissionName[] {
  return needed.filter((name) => !permissions.has(name as PermissionResolvable));
}
