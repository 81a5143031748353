/** Who may do what with the library, and where the bot may speak. Asked anew at every use and every press: Discord only
 *  hides the command, and rights change while a message stands. */
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

export type Refusal = keyof Texts['library']['refused'];

/** status   a look at the library, in short: Manage Server, or an owner
 *  server   this server's own settings: Manage Server
 *  library  what concerns the one library that all servers share: an owner, or Manage Server in a home server
 *  owner    what costs hours or cannot be undone from Discord: an owner */
export type Need = 'status' | 'server' | 'library' | 'owner';

type Asking = Pick<BaseInteraction, 'memberPermissions' | 'user' | 'guildId'>;

/** @returns why not; null when it may be done */
export function refusalOf(interaction: Asking, bot: Pick<BotContext, 'client' | 'config'>, need: Need): Refusal | null {
  const { guildId, user, memberPermissions } = interaction;
  if (guildId === null) return 'direct';
  if (need !== 'server' && bot.config.discord.owners.includes(user.id)) return null;
  if (!memberPermissions?.has(PermissionsBitField.Flags.ManageGuild)) return 'manageGuild';
  if (need === 'owner') return 'owner';
  return need === 'library' && !isHomeServer(guildId, bot) ? 'home' : null;
}

/** Unless DISCORD_HOME_SERVERS names them, the home server is the only one that the bot is in. One of several processes
 *  knows only its own servers, so there the variable is needed. */
function isHomeServer(guildId: string, { client, config }: Pick<BotContext, 'client' | 'config'>): boolean {
  const { homeServers } = config.discord;
  if (homeServers.length > 0) return homeServers.includes(guildId);
  const { cache } = client.guilds;
  return (client.shard?.count ?? 1) === 1 && cache.size === 1 && cache.has(guildId);
}

type Here = Pick<BaseInteraction, 'appPermissions' | 'channel'>;

/** What the bot lacks of what telling a job's progress needs, where it was asked.
 *  @param type as Discord says it with the interaction: not every channel is cached, a thread rarely */
export function missingToAnnounce(
  { appPermissions, channel }: Here,
  type: ChannelType | null = null,
): PermissionName[] {
  return missingOf(appPermissions, neededToAnnounce(channel, type));
}

/** The same for a channel in which nobody asks just now. */
export async function missingToAnnounceIn(client: Client, channelId: string): Promise<PermissionName[]> {
  const channel = await client.channels.fetch(channelId, { allowUnknownGuild: true });
  // What holds in a server of another of the bot's processes is not known in this one: there it is tried.
  if (channel === null || channel.isDMBased() || !client.guilds.cache.has(channel.guildId)) return [];
  const there = client.user && channel.permissionsFor(client.user);
  return missingOf(there ?? new PermissionsBitField(), neededToAnnounce(channel));
}

/** @param type decides, where it is known */
function neededToAnnounce(channel: Channel | null, type: ChannelType | null = null): PermissionName[] {
  // In a direct conversation the bot needs no right to speak.
  if (type === ChannelType.DM) return [];
  const isThread = type === null ? channel?.isThread() : threads.includes(type);
  return ['ViewChannel', isThread ? 'SendMessagesInThreads' : 'SendMessages'];
}

const threads: readonly ChannelType[] = [
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
];

/** What the bot lacks to share finds there. */
export function missingToShare(channel: GuildBasedChannel): PermissionName[] {
  const { me } = channel.guild.members;
  const there = me ? channel.permissionsFor(me) : new PermissionsBitField();
  return missingOf(there, neededToShare(channel));
}

/** The same where somebody presses a button: Discord says it with the press.
 *  @param type as in missingToAnnounce */
export function missingToShareHere(
  { appPermissions, channel }: Here,
  type: ChannelType | null = null,
): PermissionName[] {
  return missingOf(appPermissions, neededToShare(channel, type));
}

function neededToShare(channel: Channel | null, type: ChannelType | null = null): PermissionName[] {
  return [...neededToAnnounce(channel, type), 'EmbedLinks', 'AttachFiles'];
}

function missingOf(there: Readonly<PermissionsBitField>, needed: readonly PermissionName[]): PermissionName[] {
  return needed.filter((name) => !there.has(name as PermissionResolvable));
}
