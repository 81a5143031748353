import { ChannelType, PermissionFlagsBits, PermissionsBitField } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { BotContext } from '../../../src/discord/bot-context.ts';
import { sourcesInMessage } from '../../../src/discord/queries/message-audio.ts';
import { resolveLink } from '../../../src/discord/queries/message-link.ts';

const [guildId, channelId, messageId] = ['11111111111111111', '22222222222222222', '33333333333333333'];
const link = `https://discord.com/channels/${guildId}/${channelId}/${messageId}`;
const clip = {
  url: 'https://cdn.discordapp.com/attachments/1/2/a.mp3',
  name: 'a.mp3',
  size: 9,
  contentType: 'audio/mpeg',
};
const reader = [PermissionFlagsBits.ViewChannel, PermissionFlagsBits.ReadMessageHistory];

/** A bot that sees one channel with one message in it. */
function botSeeing({
  type = ChannelType.GuildText,
  rights = reader,
  threadMembers = [],
  content = '',
  apiUrl,
}: {
  readonly type?: ChannelType;
  readonly rights?: readonly bigint[];
  readonly threadMembers?: readonly string[];
  readonly content?: string;
  readonly apiUrl?: string;
}): BotContext {
  const message = { attachments: new Map(content === '' ? [['2', clip]] : []), content };
  const channel = {
    type,
    isTextBased: () => true,
    isDMBased: () => false,
    guild: { members: { fetch: async (id: string) => ({ id }) } },
    permissionsFor: () => new PermissionsBitField(rights),
    messages: { fetch: async () => message },
    members: {
      fetch: async ({ member }: { readonly member: string }) => {
        if (!threadMembers.includes(member)) throw new Error('Unknown Member');
      },
    },
  };
  const bot = { config: { discord: { apiUrl } }, client: { channels: { fetch: async () => channel } } };
  return bot as unknown as BotContext;
}

const unreadable = expect.objectContaining({ code: 'link-refused', facts: { kind: 'message-unreadable' } });

describe('a link to a message', () => {
  test('is followed to its recording', async () => {
    expect(await resolveLink(link, 'ada', botSeeing({}))).toMatchObject({ kind: 'clip', name: 'a.mp3' });
  });

  test('is refused for a user who may not read there', async () => {
    const rights = [PermissionFlagsBits.ViewChannel];
    await expect(resolveLink(link, 'ada', botSeeing({ rights }))).rejects.toEqual(unreadable);
  });

  test('in a private thread is followed only for members and moderators', async () => {
    const type = ChannelType.PrivateThread;
    await expect(resolveLink(link, 'ada', botSeeing({ type }))).rejects.toEqual(unreadable);
    expect(await resolveLink(link, 'ada', botSeeing({ type, threadMembers: ['ada'] }))).toMatchObject({ kind: 'clip' });
    const rights = [...reader, PermissionFlagsBits.ManageThreads];
    expect(await resolveLink(link, 'ada', botSeeing({ type, rights }))).toMatchObject({ kind: 'clip' });
  });

  test('is followed to the attachment that the message links to, where Discord runs on this machine', async () => {
    const apiUrl = 'http://127.0.0.1:9999/api';
    const bot = botSeeing({ apiUrl, content: 'http://127.0.0.1:9999/attachments/1/2/a_(b).mp3?ex=1' });
    expect(await resolveLink(link, 'ada', bot)).toMatchObject({ kind: 'clip', name: 'a_(b).mp3' });
  });

  test('that leads in a circle ends as an ordinary link', async () => {
    expect(await resolveLink(link, 'ada', botSeeing({ content: `see ${link}` }))).toEqual({ kind: 'link', url: link });
  });
});

describe('links in a message', () => {
  const linksOf = (content: string) => sourcesInMessage({ attachments: new Map(), content }).map(({ url }) => url);

  test.each([
    ['https://e.org/Goldberg_(Gould).ogg', 'https://e.org/Goldberg_(Gould).ogg'],
    ['(https://e.org/Goldberg_(Gould).ogg)', 'https://e.org/Goldberg_(Gould).ogg'],
    ['(see https://e.org/a.ogg), please', 'https://e.org/a.ogg'],
    ['[this](https://e.org/a_(b).ogg)!', 'https://e.org/a_(b).ogg'],
    ['<https://e.org/a_(b)>.', 'https://e.org/a_(b)'],
    ['https://e.org/a_(b).', 'https://e.org/a_(b)'],
  ])('of %s are %s', (content, url) => {
    expect(linksOf(content)).toEqual([url]);
  });
});
