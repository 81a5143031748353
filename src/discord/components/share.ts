/** Share: posts a result to the server's share channel, or here, and counts votes on the post. */
import { resultOf } from '../../answering/stored-result.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import { LeitmotifError } from '../../errors.ts';
import type { Result } from '../../query/answer.ts';
import type { StoredAnswer } from '../../query/stored-answer.ts';
import type { BotContext } from '../bot-context.ts';
import type { ComponentHandler, ComponentInteraction } from '../handler.ts';
import { missingToShareHere } from '../library/rights.ts';
import { canPostHere } from '../places.ts';
import { shareChoiceReply, sharedReply, shareVoteRow } from '../replies/share.ts';
import { editComponents, editReply } from '../send.ts';
import { assertMayShareIn, lackingToShare, shareOnce } from '../share-find.ts';
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

/** Posts a result once, however often the button is pressed. */
async function shareFind(
  parts: ComponentParts,
  interaction: ComponentInteraction,
  stored: StoredAnswer,
  result: Result,
): Promise<void> {
  const { bot } = parts;
  const channelId = await shareChannel(bot, interaction);
  const { guildId, attachmentSizeLimit } = interaction;
  const { messageUrl, isNew } = await shareOnce(parts, {
    ...{ stored, result, channelId, guildId, userId: interaction.user.id },
    locale: localeOfAll(interaction),
    attachmentLimitBytes: attachmentSizeLimit,
  });
  await editReply(interaction, sharedReply(bot.texts(interaction.locale), { channelId, messageUrl, isNew }));
}

/** The language of a public message: the server's, or the user's in a direct message. */
function localeOfAll({ guildLocale, locale }: ComponentInteraction): string {
  return guildLocale ?? locale;
}

/** @throws {LeitmotifError} 'discord-permission' with the first missing permission */
async function shareChannel({ catalog, client, payloads }: BotContext, interaction: ComponentInteraction) {
  const { guildId, channelId: here } = interaction;
  const channelId = (guildId === null ? null : catalog.guildSettings.get(guildId).shareChannelId) ?? here;
  if (channelId !== here) await assertMayShareIn(client, channelId);
  else {
    const [first] = missingToShareHere(interaction, payloads.channelType(interaction));
    if (first !== undefined) throw lackingToShare(first, channelId);
  }
  return channelId;
}
