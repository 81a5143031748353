/** What a user can see and do, and the messages that they write. Refuses what Discord's app refuses. */
import {
  type APIApplicationCommand,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionFlagsBits as P,
} from 'discord-api-types/v10';
import type { Upload } from './attachment-store.ts';
import type { Core } from './core.ts';
import { hasAll, permissionsInChannel, permissionsInGuild, sendBit } from './permissions.ts';
import { snapshotOf } from './present.ts';
import { RefusedByClient } from './refused-by-client.ts';
import type { Channel, StoredMessage } from './world.ts';

/** @throws {RefusedByClient} when the user cannot see the channel */
export function channelFor(core: Core, userId: string, channelId: string): Channel {
  const channel = core.world.channel(channelId);
  if (!channel || !may(core, userId, channel, P.ViewChannel))
    throw new RefusedByClient('There is no such channel.', 404);
  return channel;
}

/** A channel's messages, oldest first, without other users' private ones. */
export function messagesFor(core: Core, userId: string, channelId: string): StoredMessage[] {
  const channel = channelFor(core, userId, channelId);
  if (!may(core, userId, channel, P.ReadMessageHistory)) return [];
  return [...channel.messages.values()].filter((message) => isVisible(message, userId));
}

export function isVisible({ onlyForUserId }: StoredMessage, userId: string): boolean {
  return onlyForUserId === null || onlyForUserId === userId;
}

/** The commands that a user sees in a channel. @see commandsFor */
export function commandsIn(core: Core, userId: string, channel: Channel): APIApplicationCommand[] {
  if (channel.type !== ChannelType.GroupDM) return commandsFor(core, userId, channel.guildId);
  const { PrivateChannel } = InteractionContextType;
  return core.commands.list(null).filter((command) => isOffered(command, PrivateChannel) && isForUsers(command));
}

/** The commands that a user sees. In a server: those without `default_member_permissions`, and those for which the user's
 *  permissions suffice ("0": administrators only). In a direct message: global commands that are not limited to servers.
 *  @param guildId null for a direct message */
export function commandsFor(core: Core, userId: string, guildId: string | null): APIApplicationCommand[] {
  if (guildId === null)
    return core.commands.list(null).filter((command) => isOffered(command, InteractionContextType.BotDM));
  const guild = core.world.guilds.get(guildId);
  if (!guild?.members.has(userId)) return [];
  const bits = permissionsInGuild(guild, userId);
  const hasBot = guild.members.has(core.botId);
  return core.commands.inGuild(guildId).filter((command) => {
    const { default_member_permissions: needed } = command;
    if (!isOffered(command, InteractionContextType.Guild) || !(hasBot || isForUsers(command))) return false;
    if (needed === null || needed === undefined) return true;
    return needed === '0' ? Boolean(bits & P.Administrator) : hasAll(bits, BigInt(needed));
  });
}

/** Whether people who installed the app for themselves see it. */
function isForUsers({ integration_types: installs }: APIApplicationCommand): boolean {
  return installs?.includes(ApplicationIntegrationType.UserInstall) ?? false;
}

function isOffered({ contexts, dm_permission }: APIApplicationCommand, context: InteractionContextType): boolean {
  if (contexts) return contexts.includes(context);
  if (context === InteractionContextType.PrivateChannel) return false;
  return context === InteractionContextType.Guild || dm_permission !== false;
}

export async function post(
  core: Core,
  userId: string,
  channelId: string,
  content: string,
  files: readonly Upload[],
  replyToId: string | null = null,
) {
  const channel = channelFor(core, userId, channelId);
  if (!may(core, userId, channel, sendBit(channel))) throw new RefusedByClient('You may not write here.', 403);
  if (files.length > 0 && !may(core, userId, channel, P.AttachFiles)) {
    throw new RefusedByClient('You may not attach files here.', 403);
  }
  if (content.length > 2000) throw new RefusedByClient('Your message is too long: at most 2000 characters.');
  if (files.length > 10) throw new RefusedByClient('At most 10 files in a message.');
  if (content.trim() === '' && files.length === 0) throw new RefusedByClient('Your message is empty.');
  checkFileSizes(core, files);
  if (replyToId !== null) visibleMessage(core, userId, channel, replyToId);
  return core.messages.create({ channel, authorId: userId, body: { content }, files, replyToId });
}

/** Forwards a message, with a copy of its current content. */
export async function forward(core: Core, userId: string, channelId: string, messageId: string, toChannelId: string) {
  const message = visibleMessage(core, userId, channelFor(core, userId, channelId), messageId);
  if (message.onlyForUserId !== null) throw new RefusedByClient('Private messages cannot be forwarded.');
  const channel = channelFor(core, userId, toChannelId);
  if (!may(core, userId, channel, sendBit(channel))) throw new RefusedByClient('You may not write here.', 403);
  const { guildId } = message;
  const forwarded = { messageId, channelId, guildId, snapshot: snapshotOf(message) };
  return core.messages.create({ channel, authorId: userId, body: {}, files: [], forward: forwarded });
}

/** @throws {RefusedByClient} when the user cannot see the message */
export function visibleMessage(core: Core, userId: string, channel: Channel, messageId: string): StoredMessage {
  const message = channel.messages.get(messageId);
  if (!message || !isVisible(message, userId)) throw new RefusedByClient('There is no such message.', 404);
  if (message.onlyForUserId === null && !may(core, userId, channel, P.ReadMessageHistory)) {
    throw new RefusedByClient('There is no such message.', 404);
  }
  return message;
}

export function may(core: Core, userId: string, channel: Channel, bit: bigint): boolean {
  return hasAll(permissionsInChannel(core.world, channel, userId), bit);
}

export function checkFileSizes(core: Core, files: readonly Upload[]): void {
  const limit = core.options.attachmentSizeLimitBytes;
  const over = files.find(({ data }) => data.length > limit);
  if (!over) return;
  const text = `Your file is too powerful: ${over.name} is over ${Math.floor(limit / 1024 / 1024)} MiB.`;
  throw new RefusedByClient(text, 413);
}
