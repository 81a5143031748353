/** People, servers and channels as Discord's JSON. */
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
import type { Channel, Guild, Role, User } from './world.ts';

export function user({ id, name, isBot }: User): APIUser {
  return {
    id,
    username: name,
    global_name: isBot ? null : name,
    discriminator: isBot ? '0001' : '0',
    avatar: null,
    bot: isBot,
  };
}

export function member(guild: Guild, { id, name, isBot }: User): APIGuildMember {
  return {
    user: user({ id, name, isBot, locale: '' }),
    roles: [...(guild.members.get(id) ?? [])],
    joined_at: isoTime(0),
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
    hoist: false,
    managed: false,
    mentionable: false,
    flags: 0 as RoleFlags,
  };
}

export function channel({ id, guildId, name, overwrites, messages }: Channel, position: number): APIChannel {
  return {
    id,
    type: ChannelType.GuildText,
    guild_id: guildId,
    name,
    position,
    nsfw: false,
    topic: null,
    parent_id: null,
    rate_limit_per_user: 0,
    last_message_id: [...messages.keys()].at(-1) ?? null,
    permission_overwrites: [...overwrites].map(([targetId, { type, allow, deny }]) => ({
      id: targetId,
      type,
      allow: String(allow),
      deny: String(deny),
    })),
  } as APIChannel;
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
  } as unknown as APIGuild;
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000+00:00');
}
