/** Creates servers, channels, threads and users. */
import { ChannelType, MessageFlags, OverwriteType, PermissionFlagsBits } from 'discord-api-types/v10';
import type { Core } from './core.ts';
import { everyonePermissions } from './permissions.ts';
import type { Channel, Guild, StoredMessage, ThreadState, ThreadType } from './world.ts';

export interface Bits {
  readonly allow?: bigint;
  readonly deny?: bigint;
}

export interface NewGuild {
  readonly name: string;
  readonly locale?: string;
  /** Members in addition to the bot. */
  readonly memberIds?: readonly string[];
  /** Of the bot's role, in addition to those of @everyone. */
  readonly botPermissions?: bigint;
  /** The bot is not in it: people use it there as an app of their own. */
  readonly withoutBot?: boolean;
}

export interface NewUser {
  readonly name: string;
  readonly guildId: string;
  /** In addition to those of @everyone. */
  readonly permissions?: bigint;
  readonly admin?: boolean;
  readonly locale?: string;
}

/** @returns its id */
export function createGuild({ ids, clock, world, botId, ownerId, events }: Core, body: NewGuild): string {
  const id = ids.next();
  const guild: Guild = {
    id,
    name: body.name,
    ownerId,
    createdAtMs: clock.nowMs(),
    locale: body.locale ?? 'en-US',
    channels: new Map(),
    threads: new Map(),
    roles: new Map([[id, { id, name: '@everyone', permissions: everyonePermissions }]]),
    members: new Map([[ownerId, []]]),
  };
  world.guilds.set(id, guild);
  if (!body.withoutBot)
    join(guild, botId, { id: ids.next(), name: world.user(botId).name, permissions: body.botPermissions ?? 0n });
  for (const memberId of body.memberIds ?? []) guild.members.set(memberId, []);
  events.publish({ type: 'guild-created', guild });
  return id;
}

/** Removes the bot from a server, and deletes the server. */
export function removeGuild({ world, events }: Core, guildId: string): void {
  const guild = findGuild(world.guilds, guildId);
  world.guilds.delete(guildId);
  events.publish({ type: 'guild-removed', guild });
}

/** The bot is removed from a server that stays: its people may use it as an app of their own. */
export function dismissBot({ world, events, botId }: Core, guildId: string): void {
  const guild = findGuild(world.guilds, guildId);
  events.publish({ type: 'guild-removed', guild });
  guild.members.delete(botId);
}

/** Discord has lost a server for a while. The bot is still in it. */
export function breakGuild({ world, events }: Core, guildId: string): void {
  events.publish({ type: 'guild-outage', guild: findGuild(world.guilds, guildId) });
}

/** A group of people. @returns its id */
export function openGroup({ ids, world }: Core, name: string, memberIds: readonly string[]): string {
  const id = ids.next();
  const place = { ...emptyChannel, id, type: ChannelType.GroupDM, guildId: null, memberIds } as const;
  world.directMessages.set(id, { ...place, name, overwrites: new Map(), messages: new Map() });
  return id;
}

/** @returns its id */
export function createChannel(
  { ids, world, events, botId }: Core,
  guildId: string,
  body: { readonly name: string; readonly botPermissions?: Bits },
): string {
  const channel: Channel = {
    ...emptyChannel,
    id: ids.next(),
    type: ChannelType.GuildText,
    guildId,
    name: body.name,
    overwrites: new Map(),
    messages: new Map(),
  };
  findGuild(world.guilds, guildId).channels.set(channel.id, channel);
  if (body.botPermissions) channel.overwrites.set(botId, overwrite(OverwriteType.Member, body.botPermissions));
  events.publish({ type: 'channel-created', channel });
  return channel.id;
}

/** @returns their id */
export function addUser({ ids, world }: Core, body: NewUser): string {
  const { name, permissions = 0n, admin = false, locale = 'en-US', guildId } = body;
  const id = ids.next();
  world.users.set(id, { id, name, isBot: false, locale });
  const all = permissions | (admin ? PermissionFlagsBits.Administrator : 0n);
  join(findGuild(world.guilds, guildId), id, { id: ids.next(), name, permissions: all });
  return id;
}

const emptyChannel = { parentId: null, thread: null, recipientId: null } as const;

export interface NewThread {
  readonly name: string;
  readonly ownerId: string;
  readonly type?: ThreadType;
  readonly autoArchiveMinutes?: number;
  /** Members in addition to the owner. */
  readonly memberIds?: readonly string[];
  /** The message that the thread starts from; it has the same id. */
  readonly message?: StoredMessage;
}

export function createThread({ ids, clock, world, events }: Core, parent: Channel, body: NewThread): Channel {
  const guild = world.guildOf(parent);
  if (!guild || parent.thread)
    throw new RangeError(`Cannot open a thread in ${parent.id}: it is no channel of a server`);
  const nowMs = clock.nowMs();
  const thread: Channel = {
    id: body.message?.id ?? ids.next(),
    type: body.type ?? ChannelType.PublicThread,
    guildId: guild.id,
    parentId: parent.id,
    recipientId: null,
    thread: {
      ownerId: body.ownerId,
      createdAtMs: nowMs,
      memberIds: new Set([body.ownerId, ...(body.memberIds ?? [])]),
      archived: false,
      archivedAtMs: nowMs,
      locked: false,
      autoArchiveMinutes: body.autoArchiveMinutes ?? 4320,
      sentCount: 0,
    },
    name: body.name,
    overwrites: new Map(),
    messages: new Map(),
  };
  guild.threads.set(thread.id, thread);
  events.publish({ type: 'channel-created', channel: thread });
  const { message } = body;
  if (message) {
    message.flags |= MessageFlags.HasThread;
    events.publish({ type: 'message-updated', message });
  }
  return thread;
}

/** @see https://docs.discord.com/developers/topics/gateway-events#thread-create for the event that a bot receives */
export function addToThread({ world, botId, events }: Core, threadId: string, userId: string): void {
  const { channel, thread } = threadOf(world, threadId);
  thread.memberIds.add(userId);
  if (userId === botId) events.publish({ type: 'thread-joined', channel });
}

export function archiveThread({ clock, world, events }: Core, threadId: string): void {
  const { channel, thread } = threadOf(world, threadId);
  Object.assign(thread, { archived: true, archivedAtMs: clock.nowMs() });
  events.publish({ type: 'channel-updated', channel });
}

/** The direct message between the bot and a user. Created on first use. */
export function directMessageWith({ ids, world }: Core, userId: string): Channel {
  const known = [...world.directMessages.values()].find(({ recipientId }) => recipientId === userId);
  if (known) return known;
  const channel: Channel = {
    ...emptyChannel,
    id: ids.next(),
    type: ChannelType.DM,
    guildId: null,
    recipientId: userId,
    name: world.user(userId).name,
    overwrites: new Map(),
    messages: new Map(),
  };
  world.directMessages.set(channel.id, channel);
  return channel;
}

/** Replaces a channel's overwrites for one user or everyone.
 *  @param who a person's id, 'bot' or 'everyone' */
export function setPermissions({ world, botId, events }: Core, channelId: string, who: string, bits: Bits): void {
  const channel = world.channel(channelId);
  if (!channel) throw new RangeError(`Cannot set permissions: there is no channel ${channelId}`);
  if (channel.guildId === null || channel.thread) {
    throw new RangeError(`Cannot set permissions: ${channelId} is a thread or a direct message, which have none`);
  }
  if (who === 'everyone') channel.overwrites.set(channel.guildId, overwrite(OverwriteType.Role, bits));
  else channel.overwrites.set(who === 'bot' ? botId : who, overwrite(OverwriteType.Member, bits));
  events.publish({ type: 'channel-updated', channel });
}

export function firstChannelId({ world }: Core, guildId: string): string {
  const [channel] = findGuild(world.guilds, guildId).channels.keys();
  if (channel === undefined) throw new RangeError(`Cannot find a channel: the server ${guildId} has none yet`);
  return channel;
}

function threadOf(world: Core['world'], threadId: string): { channel: Channel; thread: ThreadState } {
  const channel = world.channel(threadId);
  if (!channel?.thread) throw new RangeError(`Cannot find the thread ${threadId}`);
  return { channel, thread: channel.thread };
}

function join(guild: Guild, userId: string, role: { id: string; name: string; permissions: bigint }): void {
  const needsRole = role.permissions !== 0n;
  if (needsRole) guild.roles.set(role.id, role);
  guild.members.set(userId, needsRole ? [role.id] : []);
}

function findGuild(guilds: ReadonlyMap<string, Guild>, guildId: string): Guild {
  const guild = guilds.get(guildId);
  if (!guild) throw new RangeError(`Cannot find the server ${guildId}`);
  return guild;
}

function overwrite(type: OverwriteType, { allow = 0n, deny = 0n }: Bits) {
  return { type, allow, deny } as const;
}
