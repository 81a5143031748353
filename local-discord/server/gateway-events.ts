/** Events as the gateway sends them to the bot. */
import { GatewayIntentBits, PermissionFlagsBits } from 'discord-api-types/v10';
import type { WorldEvent } from './events.ts';
import { isBotIn } from './installs.ts';
import { hasAll, permissionsInChannel } from './permissions.ts';
import type { Presenter } from './present.ts';
import { channel, guild, isoTime, member } from './shapes.ts';
import type { Channel, Guild, StoredMessage, World } from './world.ts';

interface GatewayEvent {
  readonly name: string;
  /** Called only when a session receives the event. */
  readonly data: () => unknown;
  /** null of a direct message */
  readonly guildId: string | null;
  readonly intent: number;
}

interface Bot {
  readonly id: string;
  readonly hasMessageContent: boolean;
}

/** @returns null for an event that bots do not receive */
export function gatewayEvent(event: WorldEvent, world: World, presenter: Presenter, bot: Bot): GatewayEvent | null {
  if (isElsewhere(event, world, bot)) return null;
  switch (event.type) {
    case 'message-created':
    case 'message-updated':
    case 'message-deleted': {
      const { message } = event;
      if (message.onlyForUserId !== null) return null;
      const { id, channelId, guildId } = message;
      const { GuildMessages, DirectMessages } = GatewayIntentBits;
      const route = { guildId, intent: guildId === null ? DirectMessages : GuildMessages };
      const inGuild = guildId === null ? {} : { guild_id: guildId };
      if (event.type === 'message-deleted') {
        return { name: 'MESSAGE_DELETE', data: () => ({ id, channel_id: channelId, ...inGuild }), ...route };
      }
      const name = event.type === 'message-created' ? 'MESSAGE_CREATE' : 'MESSAGE_UPDATE';
      return { name, data: () => messageBody(message, world, presenter, bot), ...route };
    }
    case 'guild-created':
      return {
        name: 'GUILD_CREATE',
        data: () => guildCreateBody(event.guild, world, bot.id),
        guildId: event.guild.id,
        intent: GatewayIntentBits.Guilds,
      };
    case 'guild-removed':
      return {
        name: 'GUILD_DELETE',
        data: () => ({ id: event.guild.id }),
        guildId: event.guild.id,
        intent: GatewayIntentBits.Guilds,
      };
    case 'guild-outage':
      return {
        name: 'GUILD_DELETE',
        data: () => ({ id: event.guild.id, unavailable: true }),
        guildId: event.guild.id,
        intent: GatewayIntentBits.Guilds,
      };
    case 'channel-created':
    case 'thread-joined':
    case 'channel-updated': {
      // A client learns of a direct message by its first message, and never of a thread that it cannot see.
      if (event.channel.guildId === null || !isSent(event.channel, world, bot.id)) return null;
      const isNew = event.type === 'channel-created';
      const kind = event.channel.thread ? 'THREAD' : 'CHANNEL';
      return {
        name: `${kind}_${event.type === 'channel-updated' ? 'UPDATE' : 'CREATE'}`,
        data: () => ({
          ...channel(event.channel, world),
          ...(isNew && kind === 'THREAD' ? { newly_created: true } : {}),
        }),
        guildId: event.channel.guildId,
        intent: GatewayIntentBits.Guilds,
      };
    }
    default:
      return null;
  }
}

/** Whether it happens in a place that the bot is not a member of. */
function isElsewhere(event: WorldEvent, world: World, { id: botId }: Bot): boolean {
  if ('guild' in event) return !event.guild.members.has(botId);
  const channel =
    'message' in event ? world.channel(event.message.channelId) : 'channel' in event ? event.channel : null;
  return channel ? !isBotIn(world, channel, botId) : false;
}

function messageBody(message: StoredMessage, world: World, presenter: Presenter, bot: Bot) {
  const body = world.guilds.get(message.guildId ?? '');
  return {
    ...presenter.messageForBot(message, bot.id, bot.hasMessageContent),
    channel_type: world.channel(message.channelId)?.type,
    ...(body ? { guild_id: body.id, member: withoutUser(member(body, world.user(message.authorId))) } : {}),
  };
}

/** For the member of a message, whose user is the author. */
function withoutUser({ user: _, ...rest }: ReturnType<typeof member>) {
  return rest;
}

/** Bots receive all channels of a server, but only the threads that they can see.
 *  @see https://docs.discord.com/developers/topics/threads#gateway-events */
function isSent(body: Channel, world: World, botId: string): boolean {
  return !body.thread || hasAll(permissionsInChannel(world, body, botId), PermissionFlagsBits.ViewChannel);
}

/** Without the intent Guild Members, the only member in it is the bot. */
export function guildCreateBody(body: Guild, world: World, botId: string) {
  const threads = [...body.threads.values()].filter((each) => !each.thread?.archived && isSent(each, world, botId));
  return {
    ...guild(body),
    joined_at: isoTime(body.createdAtMs),
    large: false,
    unavailable: false,
    member_count: body.members.size,
    members: [member(body, world.user(botId))],
    channels: [...body.channels.values()].map((each, position) => channel(each, world, position)),
    threads: threads.map((each) => channel(each, world)),
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}
