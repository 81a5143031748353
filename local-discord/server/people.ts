/** What a person sees and may do, and the messages that they write. What Discord's app would refuse is refused here. */
import { type APIApplicationCommand, PermissionFlagsBits as P } from 'discord-api-types/v10';
import type { Upload } from './attachment-store.ts';
import type { Core } from './core.ts';
import { hasAll, permissionsInChannel, permissionsInGuild } from './permissions.ts';
import { RefusedByClient } from './refused-by-client.ts';
import type { Channel, StoredMessage } from './world.ts';

/** The channel as this person sees it.
 *  @throws {RefusedByClient} when they do not */
export function channelFor(core: Core, userId: string, channelId: string): Channel {
  const channel = core.world.channel(channelId);
  if (!channel || !may(core, userId, channel, P.ViewChannel))
    throw new RefusedByClient('There is no such channel.', 404);
  return channel;
}

/** Of a channel, oldest first; other people's private ones are not there. */
export function messagesFor(core: Core, userId: string, channelId: string): StoredMessage[] {
  const channel = channelFor(core, userId, channelId);
  if (!may(core, userId, channel, P.ReadMessageHistory)) return [];
  return [...channel.messages.values()].filter((message) => isVisible(message, userId));
}

export function isVisible({ onlyForUserId }: StoredMessage, userId: string): boolean {
  return onlyForUserId === null || onlyForUserId === userId;
}

/** The commands that a person sees in a server: those without `default_member_permissions`, and those that theirs
 *  suffice for. "0" is for administrators alone. */
export function commandsFor(core: Core, userId: string, guildId: string): APIApplicationCommand[] {
  const guild = core.world.guilds.get(guildId);
  if (!guild?.members.has(userId)) return [];
  const bits = permissionsInGuild(guild, userId);
  return core.commands.inGuild(guildId).filter(({ default_member_permissions: needed }) => {
    if (needed === null || needed === undefined) return true;
    return needed === '0' ? Boolean(bits & P.Administrator) : hasAll(bits, BigInt(needed));
  });
}

export async function post(core: Core, userId: string, channelId: string, content: string, files: readonly Upload[]) {
  const channel = channelFor(core, userId, channelId);
  if (!may(core, userId, channel, P.SendMessages)) throw new RefusedByClient('You may not write here.', 403);
  if (files.length > 0 && !may(core, userId, channel, P.AttachFiles)) {
    throw new RefusedByClient('You may not attach files here.', 403);
  }
  if (content.length > 2000) throw new RefusedByClient('Your message is too long: at most 2000 characters.');
  if (files.length > 10) throw new RefusedByClient('At most 10 files in a message.');
  if (content.trim() === '' && files.length === 0) throw new RefusedByClient('Your message is empty.');
  checkFileSizes(core, files);
  return core.messages.create({ channel, authorId: userId, body: { content }, files });
}

export function may(core: Core, userId: string, channel: Channel, bit: bigint): boolean {
  return hasAll(permissionsInChannel(core.world.guildOf(channel), channel, userId), bit);
}

export function checkFileSizes(core: Core, files: readonly Upload[]): void {
  const limit = core.options.attachmentSizeLimitBytes;
  const over = files.find(({ data }) => data.length > limit);
  if (!over) return;
  const text = `Your file is too powerful: ${over.name} is over ${Math.floor(limit / 1024 / 1024)} MiB.`;
  throw new RefusedByClient(text, 413);
}
