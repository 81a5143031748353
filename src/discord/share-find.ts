/** Posts a result in a channel, once however often somebody asks: the catalog holds the claim. */
import { type Client, GuildPremiumTier } from 'discord.js';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { Share } from '../catalog/shares.ts';
import { LeitmotifError } from '../errors.ts';
import type { Result } from '../query/answer.ts';
import { newAnswerId, type StoredAnswer } from '../query/stored-answer.ts';
import type { BotContext } from './bot-context.ts';
import { clipFiles } from './components/listen.ts';
import { isMessageGone } from './error-reply.ts';
import { missingToShare } from './library/rights.ts';
import type { AnswerPresenter } from './queries/answer-reply.ts';
import { sharePost } from './replies/share.ts';
import { postMessage } from './send.ts';

export interface ShareParts {
  readonly bot: BotContext;
  readonly presenter: AnswerPresenter;
}

export interface FindToShare {
  readonly stored: StoredAnswer;
  readonly result: Result;
  readonly channelId: string;
  /** null in a direct message. */
  readonly guildId: string | null;
  /** Under which the share is stored. */
  readonly userId: string;
  /** Of the post. */
  readonly locale: string;
  /** Discord's limit for the user's own upload; null: none is known. */
  readonly attachmentLimitBytes: number | null;
}

export interface SharedFind {
  /** null while another request posts it. */
  readonly messageUrl: string | null;
  readonly isNew: boolean;
}

/** @throws as posting; then another try can post it */
export async function shareOnce(parts: ShareParts, find: FindToShare): Promise<SharedFind> {
  const { bot } = parts;
  const { stored, result, channelId, userId, guildId } = find;
  const own = { id: newAnswerId(), answerId: stored.id, trackId: result.track.id, channelId, userId };
  const share = await claim(bot, own);
  const link = (messageId: string) => `https://discord.com/channels/${guildId ?? '@me'}/${channelId}/${messageId}`;
  if (share.id !== own.id) return { messageUrl: share.messageId === null ? null : link(share.messageId), isNew: false };
  const messageId = await post(parts, find, share);
  // The post exists from here on, also when the next steps fail: it keeps its votes and is not posted again.
  await retryBusy(() => bot.catalog.shares.posted(share.id, messageId)).catch((err: unknown) => {
    bot.log.warn({ share: share.id, err }, 'the message id of a shared result could not be stored');
  });
  return { messageUrl: link(messageId), isNew: true };
}

/** @param areSeveral whether there is more than one server to share in */
export function shareProblemOf(areSeveral: boolean): LeitmotifError {
  const problem = areSeveral ? 'which-server' : 'no-share-channel';
  const why = areSeveral
    ? 'several servers have a channel for finds; expected "server"'
    : 'no server of yours has a channel for finds. An admin sets one: /library settings share_channel';
  return new LeitmotifError('bad-request', `Cannot share: ${why}`, { facts: { problem } });
}

/** @returns the message's id
 *  @throws when posting fails; the claim is dropped, so that another try can post */
async function post(
  { bot, presenter }: ShareParts,
  { stored, result, guildId, locale, attachmentLimitBytes }: FindToShare,
  { id: shareId, channelId }: Share,
): Promise<string> {
  try {
    const clips = await presenter.clips(stored, result, bot.stopping);
    const texts = bot.texts(locale);
    const reply = sharePost(texts, {
      shareId,
      finderId: stored.askerId,
      answer: stored.answer,
      result,
      clips: await clipFiles(result.rank, clips),
      picture: await presenter.picture(stored.answer, texts.query.picture, [result]),
      votes: { up: 0, down: 0 },
      attachmentLimitBytes: postLimitBytes(guildId, attachmentLimitBytes, bot),
    });
    return (await postMessage(bot.client, channelId, reply, shareId)).id;
  } catch (error) {
    await retryBusy(() => bot.catalog.shares.drop(shareId));
    throw error;
  }
}

/** The upload limit of a post by the bot: the user's own subscription does not count, the server's boosts do.
 *  @see https://docs.discord.com/developers/reference#uploading-files */
function postLimitBytes(guildId: string | null, ofUser: number | null, { client }: BotContext): number {
  const guild = guildId === null ? undefined : client.guilds.cache.get(guildId);
  // Discord's number is the larger of the user's and the server's, so it is at least the server's.
  const ofServer = tierLimitBytes[guild?.premiumTier ?? GuildPremiumTier.None];
  return Math.min(ofUser ?? ofServer, ofServer);
}

const mib = 1024 * 1024;
/** Discord reports no limit for bots. These are the default limit and the limits of boosted servers.
 *  @see https://support.discord.com/hc/en-us/articles/360028038352 */
const tierLimitBytes: Readonly<Record<GuildPremiumTier, number>> = {
  [GuildPremiumTier.None]: 10 * mib,
  [GuildPremiumTier.Tier1]: 10 * mib,
  [GuildPremiumTier.Tier2]: 50 * mib,
  [GuildPremiumTier.Tier3]: 100 * mib,
};

/** Claims a share; a claim whose post was deleted is replaced.
 *  @returns the valid share; it belongs to somebody else when its id is not the given one */
async function claim({ catalog, client }: BotContext, own: Omit<Share, 'messageId'>): Promise<Share> {
  const { shares } = catalog;
  const claimed = await retryBusy(() => shares.claim(own));
  if (claimed.id === own.id || !(await isDeleted(client, claimed))) return claimed;
  await retryBusy(() => shares.drop(claimed.id));
  return retryBusy(() => shares.claim(own));
}

/** True only when Discord says so: where the bot may not read the history, the post counts as existing. */
async function isDeleted(client: Client, { channelId, messageId }: Share): Promise<boolean> {
  if (messageId === null) return false;
  try {
    const channel = await client.channels.fetch(channelId, { allowUnknownGuild: true });
    if (channel?.isTextBased()) await channel.messages.fetch({ message: messageId, cache: false, force: true });
    return false;
  } catch (error) {
    return isMessageGone(error);
  }
}

/** @throws {LeitmotifError} 'discord-permission' with the first permission that the bot lacks in the channel */
export async function assertMayShareIn(client: Client, channelId: string): Promise<void> {
  const [first] = await missingPermissions(client, channelId);
  if (first !== undefined) throw lackingToShare(first, channelId);
}

export function lackingToShare(permission: string, channelId: string): LeitmotifError {
  return new LeitmotifError('discord-permission', `Cannot share: the bot lacks ${permission} in channel ${channelId}`, {
    facts: { permission, channelId },
  });
}

/** For a channel that is gone or hidden from the bot, ViewChannel is missing. */
async function missingPermissions(client: Client, channelId: string): Promise<readonly string[]> {
  const channel = await client.channels.fetch(channelId, { allowUnknownGuild: true }).catch(() => null);
  if (!channel || channel.isDMBased()) return ['ViewChannel'];
  // Permissions in another shard's server are unknown here: posting finds out.
  return client.guilds.cache.has(channel.guildId) ? missingToShare(channel) : [];
}
