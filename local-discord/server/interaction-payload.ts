/** INTERACTION_CREATE as the bot receives it. */
import type { APIMessage, InteractionType } from 'discord-api-types/v10';
import type { Core } from './core.ts';
import { appPermissionsIn, authorizingOwners, contextOf } from './installs.ts';
import type { InteractionRecord } from './interaction-record.ts';
import { permissionsInChannel } from './permissions.ts';
import { channel as channelBody, member, user } from './shapes.ts';
import type { Channel } from './world.ts';

export interface NewInteraction {
  readonly type: InteractionType;
  readonly userId: string;
  readonly channel: Channel;
  readonly locale: string;
  readonly commandName?: string;
  readonly targetMessageId?: string;
  readonly sourceMessageId?: string;
  /** Of a modal. */
  readonly openedBy?: InteractionRecord;
  /** Of a component, and of a modal that one opened. */
  readonly message?: APIMessage;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Starts the deadline of 3 s and sends the interaction to the bot, if it is connected. */
export function sendInteraction(core: Core, sending: NewInteraction): InteractionRecord {
  const { world, interactions, gateway, botId, applicationId } = core;
  const { channel, userId, type, message } = sending;
  const guild = world.guildOf(channel);
  const guildId = guild?.id ?? null;
  const person = world.user(userId);
  const interaction = interactions.start({
    type,
    userId,
    channelId: channel.id,
    guildId,
    commandName: sending.commandName ?? null,
    targetMessageId: sending.targetMessageId ?? null,
    sourceMessageId: sending.sourceMessageId ?? null,
    openedBy: sending.openedBy ?? null,
  });
  const payload = {
    id: interaction.id,
    application_id: applicationId,
    type,
    token: interaction.token,
    version: 1,
    data: sending.data,
    ...(message ? { message } : {}),
    channel_id: channel.id,
    channel: channelBody(channel, world),
    ...(guild
      ? {
          guild_id: guild.id,
          guild: { id: guild.id, locale: guild.locale, features: [] },
          guild_locale: guild.locale,
          member: { ...member(guild, person), permissions: String(permissionsInChannel(world, channel, userId)) },
        }
      : { user: user(person) }),
    app_permissions: String(appPermissionsIn(world, channel, botId, userId)),
    locale: sending.locale,
    entitlements: [],
    authorizing_integration_owners: authorizingOwners(world, channel, botId, userId),
    context: contextOf(channel),
    attachment_size_limit: core.options.attachmentSizeLimitBytes,
  };
  gateway.dispatch('INTERACTION_CREATE', () => payload, guildId, 0);
  return interaction;
}
