import { type BaseInteraction, type GuildBasedChannel, PermissionFlagsBits, PermissionsBitField } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { missingToShare, missingToShareHere } from '../../../src/discord/library/rights.ts';

const { ViewChannel, SendMessages, SendMessagesInThreads, EmbedLinks, AttachFiles } = PermissionFlagsBits;
const rest = [ViewChannel, EmbedLinks, AttachFiles];

function channelWith(isThread: boolean, rights: readonly bigint[]) {
  const permissionsFor = () => new PermissionsBitField(rights);
  const channel = { isThread: () => isThread, guild: { members: { me: {} } }, permissionsFor };
  const here = { channel, appPermissions: permissionsFor() } as unknown as BaseInteraction;
  return [missingToShare(channel as unknown as GuildBasedChannel), missingToShareHere(here)];
}

describe('to share a find, the bot', () => {
  test('lacks the right to send in threads where it is a thread', () => {
    for (const missing of channelWith(true, [...rest, SendMessages]))
      expect(missing).toEqual(['SendMessagesInThreads']);
    for (const missing of channelWith(true, [...rest, SendMessagesInThreads])) expect(missing).toEqual([]);
  });

  test('lacks the right to send where it is a channel', () => {
    for (const missing of channelWith(false, [...rest, SendMessagesInThreads]))
      expect(missing).toEqual(['SendMessages']);
    for (const missing of channelWith(false, [...rest, SendMessages])) expect(missing).toEqual([]);
  });
});
