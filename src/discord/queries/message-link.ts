/** Resolves links: to Discord messages, to Discord attachments, and all others. */
import { ChannelType, type GuildTextBasedChannel, PermissionFlagsBits } from 'discord.js';
import { LeitmotifError } from '../../errors.ts';
import { readLink } from '../../fetch/link.ts';
import { isMusicPage } from '../../fetch/music-pages.ts';
import type { BotContext } from '../bot-context.ts';
import { type ClipOrLink, sourcesInMessage } from './message-audio.ts';

export type ResolvedLink = ClipOrLink | { readonly kind: 'several'; readonly choices: readonly ClipOrLink[] };

const messageHosts = ['discord.com', 'ptb.discord.com', 'canary.discord.com', 'discordapp.com'];
const messagePath = /^\/channels\/(\d{17,20}|@me)\/(\d{17,20})\/(\d{17,20})\/?$/;
const attachmentPath = /^\/(?:cdn\/)?attachments\//;

/** Resolves a link to a query source. Follows links to messages to their audio, if the user may read them.
 *  @param messagesMax how many links from message to message are followed
 *  @throws {LeitmotifError} 'link-refused' for a message that the asker or the bot may not read and for a page of music, 'link-not-audio' for one
 *    without audio */
export async function resolveLink(
  link: string,
  askerId: string,
  bot: BotContext,
  messagesMax = 2,
): Promise<ResolvedLink> {
  const url = URL.parse(link.trim());
  const ourOrigin = bot.config.discord.apiUrl === undefined ? null : new URL(bot.config.discord.apiUrl).origin;
  if (!url || (!messageHosts.includes(url.hostname) && url.origin !== ourOrigin)) {
    // Refused here, before the query waits for its turn.
    if (url && isMusicPage(url.hostname)) readLink(url.href);
    return { kind: 'link', url: link.trim() };
  }
  const message = messagePath.exec(url.pathname);
  if (message?.[2] && message[3] && messagesMax > 0) {
    const choices = await audioAt(message[2], message[3], askerId, bot);
    const [first] = choices;
    if (choices.length > 1 || !first) return { kind: 'several', choices };
    return first.kind === 'link' ? resolveLink(first.url, askerId, bot, messagesMax - 1) : first;
  }
  // An attachment of the local Discord is on this machine, which other links may not reach.
  if (url.origin === ourOrigin && attachmentPath.test(url.pathname)) {
    return {
      kind: 'clip',
      url: url.href,
      name: decodeURIComponent(url.pathname.split('/').at(-1) ?? ''),
      sizeBytes: null,
    };
  }
  return { kind: 'link', url: url.href };
}

/** @returns at least one */
async function audioAt(channelId: string, messageId: string, askerId: string, bot: BotContext): Promise<ClipOrLink[]> {
  const channel = await bot.client.channels.fetch(channelId).catch(() => null);
  const readable = channel?.isTextBased() && !channel.isDMBased() && (await mayRead(channel, askerId));
  const message = readable
    ? await channel.messages.fetch({ message: messageId, cache: false }).catch(() => null)
    : null;
  if (!message) {
    throw new LeitmotifError('link-refused', 'Cannot query with a message that the user or the bot may not read', {
      facts: { kind: 'message-unreadable' },
    });
  }
  const choices = sourcesInMessage(message);
  if (choices.length > 0) return choices;
  // Without the message content intent, Discord hides attachments of other people's messages, except in the message menu.
  throw new LeitmotifError('link-not-audio', 'Cannot query with a message without visible audio', {
    facts: { kind: 'message' },
  });
}

/** The bot opens only messages that the user may read. */
async function mayRead(channel: GuildTextBasedChannel, askerId: string): Promise<boolean> {
  const member = await channel.guild.members.fetch(askerId).catch(() => null);
  const there = member && channel.permissionsFor(member);
  if (!there?.has([PermissionFlagsBits.ViewChannel, PermissionFlagsBits.ReadMessageHistory])) return false;
  // A thread has its channel's permissions; a private thread is for its members and for moderators.
  if (channel.type !== ChannelType.PrivateThread || there.has(PermissionFlagsBits.ManageThreads)) return true;
  return channel.members.fetch({ member: askerId, force: true }).then(
    () => true,
    () => false,
  );
}
