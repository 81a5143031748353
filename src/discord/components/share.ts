/** Share: a find into the channel that the server's admins chose, or here; and people's votes on it. */
import { type Client, GuildPremiumTier } from 'discord.js';
import type { Share } from '../../catalog/shares.ts';
import { LeitmotifError } from '../../errors.ts';
import type { Result } from '../../query/answer.ts';
import { newAnswerId, type StoredAnswer } from '../../query/stored-answer.ts';
import type { BotContext } from '../bot-context.ts';
import { isMessageGone } from '../error-reply.ts';
import type { ComponentHandler, ComponentInteraction } from '../handler.ts';
import { missingToShare, missingToShareHere } from '../library/rights.ts';
import { shareChoiceReply, sharedReply, sharePost, shareVoteRow } from '../replies/share.ts';
import { retryBusy } from '../retry-busy.ts';
import { editComponents, editReply, postMessage } from '../send.ts';
import { clipFiles } from './listen.ts';
import { answerOf, type ComponentParts, resultOf, selected } from './parts.ts';

export function shareHandlers(parts: ComponentParts): ComponentHandler[] {
  const { bot } = parts;
  return [
    {
      action: 'share',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        const { id: answerId, answer } = answerOf(bot, id);
        const channelId = await shareChannel(bot, interaction);
        await editReply(interaction, shareChoiceReply(bot.texts(interaction.locale), { answerId, answer, channelId }));
      },
    },
    {
      // From the select of `share`, whose private message it turns into the outcome; or from below a piece's clips.
      action: 'share-pick',
      acknowledge: (interaction) => (interaction.isStringSelectMenu() ? 'update' : 'private-reply'),
      run: async (interaction, id) => {
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
        if (!share) throw new LeitmotifError('answer-expired', 'Cannot vote: this find is no longer kept');
        // Its message could not be noted when it was posted; here it is.
        if (share.messageId === null) await retryBusy(() => shares.posted(shareId, interaction.message.id));
        const votes = await retryBusy(() => shares.vote(shareId, interaction.user.id, way === 'down' ? -1 : 1));
        const row = shareVoteRow(bot.texts(localeOfAll(interaction)), shareId, votes);
        await editComponents(interaction, { components: [row] });
      },
    },
  ];
}

/** Posts it once, however often it is pressed: the catalog knows who came first. */
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
  // From here on the post stands, whatever fails: it keeps its votes and is not made again.
  await retryBusy(() => catalog.shares.posted(share.id, messageId)).catch((err: unknown) => {
    bot.log.warn({ share: share.id, err }, 'a shared find is not noted as posted');
  });
  await editReply(interaction, sharedReply(texts, { channelId, messageUrl: link(messageId), isNew: true }));
}

/** @returns the message's id
 *  @throws whatever keeps it from being posted; another try may claim it then */
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

/** The bot posts it, so what its presser pays Discord for does not count; the server's boosts do.
 *  @see https://docs.discord.com/developers/reference#uploading-files */
function postLimitBytes({ guildId, attachmentSizeLimit }: ComponentInteraction, { client }: BotContext): number {
  const guild = guildId === null ? undefined : client.guilds.cache.get(guildId);
  // Discord's own number is the larger one of the presser's and the server's, so it is the server's at least.
  return Math.min(attachmentSizeLimit, tierLimitBytes[guild?.premiumTier ?? GuildPremiumTier.None]);
}

const mib = 1024 * 1024;
/** Discord tells a bot no limit of its own. The smallest that holds anywhere, and what boosts make of it.
 *  @see https://support.discord.com/hc/en-us/articles/360028038352 */
const tierLimitBytes: Readonly<Record<GuildPremiumTier, number>> = {
  [GuildPremiumTier.None]: 10 * mib,
  [GuildPremiumTier.Tier1]: 10 * mib,
  [GuildPremiumTier.Tier2]: 50 * mib,
  [GuildPremiumTier.Tier3]: 100 * mib,
};

/** A post that somebody deleted since is no reason not to post the find again.
 *  @returns the share that stands, which is another's when its id is not the one given */
async function claim({ catalog, client }: BotContext, own: Omit<Share, 'messageId'>): Promise<Share> {
  const { shares } = catalog;
  const standing = await retryBusy(() => shares.claim(own));
  if (standing.id === own.id || !(await isDeleted(client, standing))) return standing;
  await retryBusy(() => shares.drop(standing.id));
  return retryBusy(() => shares.claim(own));
}

/** Only when Discord says so: where the bot may not read the history, the post is taken to stand. */
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

/** The language of a message for everybody: the server's, and where there is no server, the person's. */
function localeOfAll({ guildLocale, locale }: ComponentInteraction): string {
  return guildLocale ?? locale;
}

/** @throws {LeitmotifError} 'discord-permission' naming what the bot lacks there */
async function shareChannel({ catalog, client, payloads }: BotContext, interaction: ComponentInteraction) {
  const { guildId, channelId: here } = interaction;
  const channelId = (guildId === null ? null : catalog.guildSettings.get(guildId).shareChannelId) ?? here;
  const missing =
    channelId === here
      ? missingToShareHere(interaction, payloads.channelType(interaction))
      : await missingThere(client, channelId);
  const [first] = missing;
  if (first === undefined) return channelId;
  throw new LeitmotifError('discord-permission', `Cannot share: the bot lacks ${first} in channel ${channelId}`, {
    facts: { permission: first, channelId },
  });
}

/** A channel that is gone, or hidden from the bot, is one that it cannot view. */
async function missingThere(client: Client, channelId: string): Promise<readonly string[]> {
  const channel = await client.channels.fetch(channelId).catch(() => null);
  return channel && !channel.isDMBased() ? missingToShare(channel) : ['ViewChannel'];
}
