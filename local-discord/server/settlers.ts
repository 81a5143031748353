/** Founding servers and channels, and settling people in them. */
import { OverwriteType, PermissionFlagsBits } from 'discord-api-types/v10';
import type { Core } from './core.ts';
import { everyonePermissions } from './permissions.ts';
import type { Channel, Guild } from './world.ts';

export interface Bits {
  readonly allow?: bigint;
  readonly deny?: bigint;
}

export interface NewGuild {
  readonly name: string;
  readonly locale?: string;
  /** Who is in it beside the bot. */
  readonly memberIds?: readonly string[];
  /** Of the bot's role, on top of @everyone's. */
  readonly botPermissions?: bigint;
}

export interface NewUser {
  readonly name: string;
  readonly guildId: string;
  /** On top of @everyone's. */
  readonly permissions?: bigint;
  readonly admin?: boolean;
  readonly locale?: string;
}

/** @returns its id */
export function foundGuild({ ids, world, botId, ownerId, happenings }: Core, body: NewGuild): string {
  const id = ids.next();
  const guild: Guild = {
    id,
    name: body.name,
    ownerId,
    locale: body.locale ?? 'en-US',
    channels: new Map(),
    roles: new Map([[id, { id, name: '@everyone', permissions: everyonePermissions }]]),
    members: new Map([[ownerId, []]]),
  };
  world.guilds.set(id, guild);
  join(guild, botId, { id: ids.next(), name: world.user(botId).name, permissions: body.botPermissions ?? 0n });
  for (const memberId of body.memberIds ?? []) guild.members.set(memberId, []);
  happenings.tell({ type: 'guild-created', guild });
  return id;
}

/** The bot is removed from a server, which is gone with it: nobody else here needs it. */
export function leaveGuild({ world, happenings }: Core, guildId: string): void {
  const guild = findGuild(world.guilds, guildId);
  world.guilds.delete(guildId);
  happenings.tell({ type: 'guild-left', guild });
}

/** @returns its id */
export function openChannel(
  { ids, world, happenings, botId }: Core,
  guildId: string,
  body: { readonly name: string; readonly botPermissions?: Bits },
): string {
  const channel: Channel = { id: ids.next(), guildId, name: body.name, overwrites: new Map(), messages: new Map() };
  findGuild(world.guilds, guildId).channels.set(channel.id, channel);
  if (body.botPermissions) channel.overwrites.set(botId, overwrite(OverwriteType.Member, body.botPermissions));
  happenings.tell({ type: 'channel-created', channel });
  return channel.id;
}

/** @returns their id */
export function settle({ ids, world }: Core, body: NewUser): string {
  const { name, permissions = 0n, admin = false, locale = 'en-US', guildId } = body;
  const id = ids.next();
  world.users.set(id, { id, name, isBot: false, locale });
  const all = permissions | (admin ? PermissionFlagsBits.Administrator : 0n);
  join(findGuild(world.guilds, guildId), id, { id: ids.next(), name, permissions: all });
  return id;
}

/** Replaces what a channel allows and denies someone.
 *  @param who a person's id, 'bot' or 'everyone' */
export function setPermissions({ world, botId, happenings }: Core, channelId: string, who: string, bits: Bits): void {
  const channel = world.channel(channelId);
  if (!channel) throw new RangeError(`Cannot set permissions: there is no channel ${channelId}`);
  if (who === 'everyone') channel.overwrites.set(channel.guildId, overwrite(OverwriteType.Role, bits));
  else channel.overwrites.set(who === 'bot' ? botId : who, overwrite(OverwriteType.Member, bits));
  happenings.tell({ type: 'channel-updated', channel });
}

export function firstChannelId({ world }: Core, guildId: string): string {
  const [channel] = findGuild(world.guilds, guildId).channels.keys();
  if (channel === undefined) throw new RangeError(`Cannot find a channel: the server ${guildId} has none yet`);
  return channel;
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
