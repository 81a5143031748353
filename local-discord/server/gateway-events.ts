/** What happens, as the gateway tells it to the bot. */
import { GatewayIntentBits } from 'discord-api-types/v10';
import type { Happening } from './events.ts';
import { isBotIn } from './installs.ts';
import type { Presenter } from './present.ts';
import { channel, guild, isoTime, member } from './shapes.ts';
import type { Guild, StoredMessage, World } from './world.ts';

interface GatewayEvent {
  readonly name: string;
  /** Made only when somebody is told. */
  readonly data: () => unknown;
  /** null of a direct message */
  readonly guildId: string | null;
  readonly intent: number;
}

interface Bot {
  readonly id: string;
  readonly hasMessageContent: boolean;
}

/** @returns null for what a bot is not told */
export function gatewayEvent(happening: Happening, world: World, presenter: Presenter, bot: Bot): GatewayEvent | null {
  if (isElsewhere(happening, world, bot)) return null;
  switch (happening.type) {
    case 'message-created':
    case 'message-updated':
    case 'message-deleted': {
      const { message } = happening;
      if (message.onlyForUserId !== null) return null;
      const { id, channelId, guildId } = message;
      const { GuildMessages, DirectMessages } = GatewayIntentBits;
      const route = { guildId, intent: guildId === null ? DirectMessages : GuildMessages };
      const inGuild = guildId === null ? {} : { guild_id: guildId };
      if (happening.type === 'message-deleted') {
        return { name: 'MESSAGE_DELETE', data: () => ({ id, channel_id: channelId, ...inGuild }), ...route };
      }
      const name = happening.type === 'message-created' ? 'MESSAGE_CREATE' : 'MESSAGE_UPDATE';
      return { name, data: () => messageBody(message, world, presenter, bot), ...route };
    }
    case 'guild-created':
      return {
        name: 'GUILD_CREATE',
        data: () => guildCreateBody(happening.guild, world, bot.id),
        guildId: happening.guild.id,
        intent: GatewayIntentBits.Guilds,
      };
    case 'guild-left':
      return {
        name: 'GUILD_DELETE',
        data: () => ({ id: happening.guild.id }),
        guildId: happening.guild.id,
        intent: GatewayIntentBits.Guilds,
      };
    case 'guild-outage':
      return {
        name: 'GUILD_DELETE',
        data: () => ({ id: happening.guild.id, unavailable: true }),
        guildId: happening.guild.id,
        intent: GatewayIntentBits.Guilds,
      };
    case 'channel-created':
    case 'channel-updated': {
      // A client learns of a direct message by its first message.
      if (happening.channel.guildId === null) return null;
      const isNew = happening.type === 'channel-created';
      const kind = happening.channel.thread ? 'THREAD' : 'CHANNEL';
      return {
        name: `${kind}_${isNew ? 'CREATE' : 'UPDATE'}`,
        data: () => ({
          ...channel(happening.channel, world),
          ...(isNew && kind === 'THREAD' ? { newly_created: true } : {}),
        }),
        guildId: happening.channel.guildId,
        intent: GatewayIntentBits.Guilds,
      };
    }
    default:
      return null;
  }
}

/** Whether it happens in a place that the bot is not a member of. */
function isElsewhere(happening: Happening, world: World, { id: botId }: Bot): boolean {
  if ('guild' in happening) return !happening.guild.members.has(botId);
  const channel =
    'message' in happening
      ? world.channel(happening.message.channelId)
      : 'channel' in happening
        ? happening.channel
        : null;
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

/** Beside a message's author. */
function withoutUser({ user: _, ...rest }: ReturnType<typeof member>) {
  return rest;
}

/** Without the intent Guild Members a bot is told of itself only. */
export function guildCreateBody(body: Guild, world: World, botId: string) {
  return {
    ...guild(body),
    joined_at: isoTime(body.foundedAtMs),
    large: false,
    unavailable: false,
    member_count: body.members.size,
    members: [member(body, world.user(botId))],
    channels: [...body.channels.values()].map((each, position) => channel(each, world, position)),
    threads: [...body.threads.values()].filter(({ thread }) => !thread?.archived).map((each) => channel(each, world)),
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}
