/** Share: posts a result to the server's share channel, or here, and counts votes on the post. */
import { type Client, GuildPremiumTier } from 'discord.js';
import { resultOf } from '../../answering/stored-result.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import type { Share } from '../../catalog/shares.ts';
import { LeitmotifError } from '../../errors.ts';
import type { Result } from '../../query/answer.ts';
import { newAnswerId, type StoredAnswer } from '../../query/stored-answer.ts';
import type { BotContext } from '../bot-context.ts';
import { isMessageGone } from '../error-reply.ts';
import type { ComponentHandler, ComponentInteraction } from '../handler.ts';
import { missingToShare, missingToShareHere } from '../library/rights.ts';
import { canPostHere } from '../places.ts';
import { shareChoiceReply, sharedReply, sharePost, shareVoteRow } from '../replies/share.ts';
import { editComponents, editReply, postMessage } from '../send.ts';
import { clipFiles } from './listen.ts';
import { answerOf, type ComponentParts, selected } from './parts.ts';

export function shareHandlers(parts: ComponentParts): ComponentHandler[] {
  const { bot } = parts;
  return [
    {
      action: 'share',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        if (await refuseNonMember(bot, interaction)) return;
        const { id: answerId, answer } = answerOf(bot, id);
        const channelId = await shareChannel(bot, interaction);
        await editReply(interaction, shareChoiceReply(bot.texts(interaction.locale), { answerId, answer, channelId }));
      },
    },
    {
      // From the select of `share`, whose private message becomes the outcome, or from the button below a result's clips.
      action: 'share-pick',
      acknowledge: (interaction) => (interaction.isStringSelectMenu() ? 'update' : 'private-reply'),
      run: async (interaction, id) => {
        if (await refuseNonMember(bot, interaction)) return;
        const stored = answerOf(bot, id);
        await shareFind(parts, interaction, stored, resultOf(stored, selected(interaction) ?? id.args[1], bot));
      },
    },
    {
      action: 'share-vote',
      acknowledge: () => 'update',
      run: async (interaction, { args: [shareId = '', way] }) => {
        const { shares } = bot.catalog;
        const share = shares.get(shareId);
        if (!share) throw new LeitmotifError('answer-expired', 'Cannot vote: this post is no longer stored');
        // The message id could not be stored when the result was posted, so it is stored now.
        if (share.messageId === null) await retryBusy(() => shares.posted(shareId, interaction.message.id));
        const votes = await retryBusy(() => shares.vote(shareId, interaction.user.id, way === 'down' ? -1 : 1));
        const row = shareVoteRow(bot.texts(localeOfAll(interaction)), shareId, votes);
        await editComponents(interaction, { components: [row] });
      },
    },
  ];
}

/** Answers a press where the bot cannot post: its reply to a query may be older than its membership.
 *  @returns whether it was refused */
async function refuseNonMember(bot: BotContext, interaction: ComponentInteraction): Promise<boolean> {
  if (canPostHere(interaction, bot)) return false;
  await editReply(interaction, { content: bot.texts(interaction.locale).help.sharing.notHere });
  return true;
}

/** Posts a result once, however often the button is pressed: the catalog holds the claim. */
async function shareFind(
  parts: ComponentParts,
  interaction: ComponentInteraction,
  stored: StoredAnswer,
  result: Result,
): Promise<void> {
  const { bot } = parts;
  const { catalog } = bot;
  const texts = bot.texts(interaction.locale);
  const channelId = await shareChannel(bot, interaction);
  const own = {
    id: newAnswerId(),
    answerId: stored.id,
    trackId: result.track.id,
    channelId,
    userId: interaction.user.id,
  };
  const share = await claim(bot, own);
  const link = (messageId: string) =>
    `https://discord.com/channels/${interaction.guildId ?? '@me'}/${channelId}/${messageId}`;
  if (share.id !== own.id) {
    const messageUrl = share.messageId === null ? null : link(share.messageId);
    await editReply(interaction, sharedReply(texts, { channelId, messageUrl, isNew: false }));
    return;
  }
  const messageId = await post(parts, interaction, stored, result, share);
  // The post exists from here on, also when the next steps fail: it keeps its votes and is not posted again.
  await retryBusy(() => catalog.shares.posted(share.id, messageId)).catch((err: unknown) => {
    bot.log.warn({ share: share.id, err }, 'the message id of a shared result could not be stored');
  });
  await editReply(interaction, sharedReply(texts, { channelId, messageUrl: link(messageId), isNew: true }));
}

/** @returns the message's id
 *  @throws when posting fails; the claim is dropped, so that another try can post */
async function post(
  { bot, presenter }: ComponentParts,
  interaction: ComponentInteraction,
  stored: StoredAnswer,
  result: Result,
  { id: shareId, channelId }: Share,
): Promise<string> {
  try {
    const clips = await presenter.clips(stored, result, bot.stopping);
    const texts = bot.texts(localeOfAll(interaction));
    const reply = sharePost(texts, {
      shareId,
      finderId: stored.askerId,
      answer: stored.answer,
      result,
      clips: await clipFiles(result.rank, clips),
      picture: await presenter.picture(stored.answer, texts.query.picture, [result]),
      votes: { up: 0, down: 0 },
      attachmentLimitBytes: postLimitBytes(interaction, bot),
    });
    return (await postMessage(bot.client, channelId, reply, shareId)).id;
  } catch (error) {
    await retryBusy(() => bot.catalog.shares.drop(shareId));
    throw error;
  }
}

/** The upload limit of a post by the bot: the user's own subscription does not count, the server's boosts do.
 *  @see https://docs.discord.com/developers/reference#uploading-files */
function postLimitBytes({ guildId, attachmentSizeLimit }: ComponentInteraction, { client }: BotContext): number {
  const guild = guildId === null ? undefined : client.guilds.cache.get(guildId);
  // Discord's number is the larger of the user's and the server's, so it is at least the server's.
  return Math.min(attachmentSizeLimit, tierLimitBytes[guild?.premiumTier ?? GuildPremiumTier.None]);
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
    const channel = await client.channels.fetch(channelId);
    if (channel?.isTextBased()) await channel.messages.fetch({ message: messageId, cache: false, force: true });
    return false;
  } catch (error) {
    return isMessageGone(error);
  }
}

/** The language of a public message: the server's, or the user's in a direct message. */
function localeOfAll({ guildLocale, locale }: ComponentInteraction): string {
  return guildLocale ?? locale;
}

/** @throws {LeitmotifError} 'discord-permission' with the first missing permission */
async function shareChannel({ catalog, client, payloads }: BotContext, interaction: ComponentInteraction) {
  const { guildId, channelId: here } = interaction;
  const channelId = (guildId === null ? null : catalog.guildSettings.get(guildId).shareChannelId) ?? here;
  const missing =
    channelId === here
      ? missingToShareHere(interaction, payloads.channelType(interaction))
      : await missingPermissions(client, channelId);
  const [first] = missing;
  if (first === undefined) return channelId;
  throw new LeitmotifError('discord-permission', `Cannot share: the bot lacks ${first} in channel ${channelId}`, {
    facts: { permission: first, channelId },
  });
}

/** For a channel that is gone or hidden from the bot, ViewChannel is missing. */
async function missingPermissions(client: Client, channelId: string): Promise<readonly string[]> {
  const channel = await client.channels.fetch(channelId).catch(() => null);
  return channel && !channel.isDMBased() ? missingToShare(channel) : ['ViewChannel'];
}
