/** Permission checks of the bot in a channel, with Discord's errors. */
import { PermissionFlagsBits as P } from 'discord-api-types/v10';
import { refusals } from './api-error.ts';
import type { Core } from './core.ts';
import { permissionsInChannel } from './permissions.ts';
import type { Channel, StoredMessage } from './world.ts';

export type ChannelAccess = ReturnType<typeof channelAccess>;

export function channelAccess({ world, botId }: Core) {
  const permissions = (channel: Channel): bigint => permissionsInChannel(world, channel, botId);
  return {
    permissions,
    /** @throws {ApiError} 10003 or 50001 */
    seen(id: string): Channel {
      const channel = world.channel(id);
      if (!channel) throw refusals.unknownChannel();
      if (!(permissions(channel) & P.ViewChannel)) throw refusals.missingAccess();
      return channel;
    },
    /** Ephemeral messages are available only through their interaction.
     *  @throws {ApiError} 10008 */
    message(channel: Channel, id: string): StoredMessage {
      const found = channel.messages.get(id);
      if (!found || found.onlyForUserId !== null) throw refusals.unknownMessage();
      return found;
    },
    /** @throws {ApiError} 50013 */
    require(channel: Channel, bit: bigint): void {
      if (!(permissions(channel) & bit)) throw refusals.missingPermissions();
    },
  };
}
