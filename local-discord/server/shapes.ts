/** Users, servers and channels as Discord's JSON. */
import {
  type APIChannel,
  type APIGuild,
  type APIGuildMember,
  type APIRole,
  type APIUser,
  ChannelType,
  type GuildMemberFlags,
  type RoleFlags,
} from 'discord-api-types/v10';
import type { Channel, Guild, Role, ThreadState, User, World } from './world.ts';

export function user({ id, name, isBot }: User): APIUser {
  return {
    id,
    username: name,
    global_name: isBot ? null : name,
    discriminator: isBot ? '0001' : '0',
    avatar: null,
    banner: null,
    accent_color: null,
    bot: isBot,
    flags: 0,
    public_flags: 0,
    primary_guild: null,
  } as unknown as APIUser;
}

/** The bot's own user. */
export function ownUser(bot: User): APIUser {
  return { ...user(bot), mfa_enabled: true, verified: true, locale: bot.locale };
}

export function member(guild: Guild, { id, name, isBot }: User): APIGuildMember {
  return {
    user: user({ id, name, isBot, locale: '' }),
    roles: [...(guild.members.get(id) ?? [])],
    nick: null,
    avatar: null,
    banner: null,
    communication_disabled_until: null,
    pending: false,
    premium_since: null,
    joined_at: isoTime(guild.createdAtMs),
    deaf: false,
    mute: false,
    flags: 0 as GuildMemberFlags,
  };
}

export function role({ id, name, permissions }: Role, position: number): APIRole {
  return {
    id,
    name,
    permissions: String(permissions),
    position,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    icon: null,
    unicode_emoji: null,
    hoist: false,
    managed: false,
    mentionable: false,
    flags: 0 as RoleFlags,
  };
}

/** @param position in its server; 0 where the order does not matter */
export function channel(body: Channel, world: World, position = 0): APIChannel {
  const { id, type, guildId, name, overwrites, messages, recipientId, memberIds, thread } = body;
  const lastMessageId = [...messages.keys()].at(-1) ?? null;
  if (recipientId !== null) {
    const recipients = [user(world.user(recipientId))];
    return { id, type, flags: 0, last_message_id: lastMessageId, recipients } as unknown as APIChannel;
  }
  if (memberIds) {
    const recipients = memberIds.map((memberId) => user(world.user(memberId)));
    const group = { id, type, flags: 0, name, icon: null, owner_id: memberIds[0], recipients };
    return { ...group, last_message_id: lastMessageId } as unknown as APIChannel;
  }
  if (thread) return threadChannel(body, thread, lastMessageId);
  return {
    id,
    type,
    flags: 0,
    guild_id: guildId,
    name,
    position,
    nsfw: false,
    topic: null,
    parent_id: null,
    rate_limit_per_user: 0,
    last_message_id: lastMessageId,
    permission_overwrites: [...overwrites].map(([targetId, { type, allow, deny }]) => ({
      id: targetId,
      type,
      allow: String(allow),
      deny: String(deny),
    })),
  } as unknown as APIChannel;
}

function threadChannel(body: Channel, thread: ThreadState, lastMessageId: string | null): APIChannel {
  return {
    id: body.id,
    type: body.type,
    flags: 0,
    guild_id: body.guildId,
    parent_id: body.parentId,
    name: body.name,
    owner_id: thread.ownerId,
    last_message_id: lastMessageId,
    rate_limit_per_user: 0,
    message_count: body.messages.size,
    member_count: thread.memberIds.size,
    total_message_sent: thread.sentCount,
    thread_metadata: {
      archived: thread.archived,
      archive_timestamp: isoTime(thread.archivedAtMs),
      auto_archive_duration: thread.autoArchiveMinutes,
      locked: thread.locked,
      create_timestamp: isoTime(thread.createdAtMs),
      ...(body.type === ChannelType.PrivateThread ? { invitable: true } : {}),
    },
  } as unknown as APIChannel;
}

export function threadMember(thread: Channel, userId: string) {
  return {
    id: thread.id,
    user_id: userId,
    join_timestamp: isoTime(thread.thread?.createdAtMs ?? 0),
    flags: 0,
  };
}

export function guild(body: Guild): APIGuild {
  return {
    id: body.id,
    name: body.name,
    owner_id: body.ownerId,
    preferred_locale: body.locale,
    roles: [...body.roles.values()].map(role),
    icon: null,
    splash: null,
    banner: null,
    emojis: [],
    stickers: [],
    features: [],
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    premium_progress_bar_enabled: false,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    application_id: null,
    vanity_url_code: null,
    description: null,
    discovery_splash: null,
    hub_type: null,
    region: 'local',
    incidents_data: null,
    home_header: null,
    widget_enabled: false,
    widget_channel_id: null,
    max_presences: null,
    max_members: 500_000,
    max_stage_video_channel_users: 50,
    max_video_channel_users: 25,
    premium_subscription_count: 0,
    nsfw: false,
  } as unknown as APIGuild;
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000+00:00');
}
