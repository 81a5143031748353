import {
  type BaseInteraction,
  ChannelType,
  type GuildBasedChannel,
  PermissionFlagsBits,
  PermissionsBitField,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { missingToAnnounce, missingToShare, missingToShareHere } from '../../../src/discord/library/rights.ts';

const { ViewChannel, SendMessages, SendMessagesInThreads, EmbedLinks, AttachFiles } = PermissionFlagsBits;
const rest = [ViewChannel, EmbedLinks, AttachFiles];

function channelWith(isThread: boolean, rights: readonly bigint[]) {
  const permissionsFor = () => new PermissionsBitField(rights);
  const channel = { isThread: () => isThread, guild: { members: { me: {} } }, permissionsFor };
  const here = { channel, appPermissions: permissionsFor() } as unknown as BaseInteraction;
  return [missingToShare(channel as unknown as GuildBasedChannel), missingToShareHere(here)];
}

describe('for a channel that is not cached, the type in the interaction decides:', () => {
  const uncached = (rights: readonly bigint[]) =>
    ({ channel: null, appPermissions: new PermissionsBitField(rights) }) as unknown as BaseInteraction;

  test.each([
    ['a public thread', ChannelType.PublicThread, SendMessagesInThreads, ['SendMessagesInThreads']],
    ['a private thread', ChannelType.PrivateThread, SendMessagesInThreads, ['SendMessagesInThreads']],
    ['a thread of announcements', ChannelType.AnnouncementThread, SendMessagesInThreads, ['SendMessagesInThreads']],
    ['a channel', ChannelType.GuildText, SendMessages, ['SendMessages']],
    ['announcements', ChannelType.GuildAnnouncement, SendMessages, ['SendMessages']],
  ] as const)('%s', (_name, type, right, lacking) => {
    const others = [...rest, ...[SendMessages, SendMessagesInThreads].filter((each) => each !== right)];
    for (const missing of [missingToShareHere, missingToAnnounce]) {
      expect(missing(uncached(others), type)).toEqual(lacking);
      expect(missing(uncached([...rest, right]), type)).toEqual([]);
    }
  });

  test('a direct message, where Discord reports no view permission', () => {
    expect(missingToShareHere(uncached([EmbedLinks, AttachFiles]), ChannelType.DM)).toEqual([]);
  });
});

describe('to share a result, the bot', () => {
  test('lacks the permission to send in threads in a thread', () => {
    for (const missing of channelWith(true, [...rest, SendMessages]))
      expect(missing).toEqual(['SendMessagesInThreads']);
    for (const missing of channelWith(true, [...rest, SendMessagesInThreads])) expect(missing).toEqual([]);
  });

  test('lacks the permission to send in a channel', () => {
    for (const missing of channelWith(false, [...rest, SendMessagesInThreads]))
      expect(missing).toEqual(['SendMessages']);
    for (const missing of channelWith(false, [...rest, SendMessages])) expect(missing).toEqual([]);
  });
});
