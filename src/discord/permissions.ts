/** What the bot may do in a channel, by the names that people see in a server's settings. */
import type { Client, PermissionsString } from 'discord.js';

/** What a find needs: the text, the embed, the clips. */
export const neededToShare = [
  'ViewChannel',
  'SendMessages',
  'EmbedLinks',
  'AttachFiles',
] as const satisfies readonly PermissionsString[];

/** @returns the first of `needed` that the bot lacks in the channel; ViewChannel where it cannot even see it */
export async function missingPermission(
  client: Client,
  channelId: string,
  needed: readonly PermissionsString[],
): Promise<PermissionsString | undefined> {
  const channel = await client.channels.fetch(channelId).catch(() => null);
  if (!channel || channel.isDMBased() || !client.user) return channel?.isDMBased() ? undefined : 'ViewChannel';
  const own = channel.permissionsFor(client.user);
  return needed.find((name) => !own?.has(name));
}
