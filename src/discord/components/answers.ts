/** Components that lead to another answer: the next page, a query with a result, run again, choose one of several sources,
 *  and cancel. */

import { hasRemovedPieces, resultOf } from '../../answering/stored-result.ts';
import { LeitmotifError } from '../../errors.ts';
import type { ComponentHandler } from '../handler.ts';
import { isMemberHere } from '../places.ts';
import { runOrAskChoice } from '../queries/choose-source.ts';
import { choiceOf, pickedOf } from '../replies/choose.ts';
import { tooLateToCancelReply } from '../replies/progress.ts';
import { generationChangedReply } from '../replies/stale.ts';
import { editReply, followUpPrivately } from '../send.ts';
import { answerOf, type ComponentParts, replyLike, selected } from './parts.ts';

export function answerHandlers({ bot, queryRunner, presenter }: ComponentParts): ComponentHandler[] {
  const askerIdOf = (id: string | undefined) => bot.catalog.answers.get(id ?? '')?.askerId ?? '';
  return [
    {
      action: 'more',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        const texts = bot.texts(interaction.locale);
        const stored = answerOf(bot, id);
        const current = (await bot.liveIndex.open(bot.stopping)).current()?.id;
        const isCurrent = stored.generation === current && stored.spaceId === (await bot.worker.spaceId());
        if (!isCurrent || hasRemovedPieces(stored, bot)) {
          await editReply(interaction, generationChangedReply(texts, stored.id));
          return;
        }
        const reply = await presenter.page(stored, {
          ...{ texts, page: Number(id.args[1]), fromMemory: false, signal: bot.stopping },
          attachmentLimitBytes: interaction.attachmentSizeLimit,
          mayAttach: interaction.appPermissions.has('AttachFiles'),
          mayShare: isMemberHere(interaction, bot),
        });
        await editReply(interaction, reply);
      },
    },
    {
      action: 'why',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        const texts = bot.texts(interaction.locale);
        const stored = answerOf(bot, id);
        if (hasRemovedPieces(stored, bot)) {
          await editReply(interaction, generationChangedReply(texts, stored.id));
          return;
        }
        const reply = await presenter.why(stored, {
          ...{ texts, page: Number(id.args[1]) },
          attachmentLimitBytes: interaction.attachmentSizeLimit,
          mayAttach: interaction.appPermissions.has('AttachFiles'),
        });
        await editReply(interaction, reply);
      },
    },
    {
      action: 'ask',
      acknowledge: (interaction, { args }) => replyLike(interaction, askerIdOf(args[0])),
      run: async (interaction, id) => {
        const { results, sameArtist, focus } = answerOf(bot, id).options;
        const { track } = resultOf(answerOf(bot, id), selected(interaction), bot);
        const whole = { fromSec: null, toSec: null, results, sameArtist, focus };
        await queryRunner.run(interaction, { asked: { kind: 'piece', trackId: track.id }, options: whole });
      },
    },
    {
      action: 'again',
      acknowledge: (interaction, { args }) => replyLike(interaction, askerIdOf(args[0])),
      run: async (interaction, id) => {
        const stored = answerOf(bot, id);
        const { fromSec, toSec, results, sameArtist, focus } = stored.options;
        const options = { fromSec, toSec, results, sameArtist, focus };
        await queryRunner.run(interaction, { asked: { kind: 'again', stored }, options });
      },
    },
    {
      action: 'pick',
      // The choice is private; the answer is as public as the command was.
      acknowledge: (_interaction, { args }) => (pickedOf(args)?.isPrivate === false ? 'public-reply' : 'private-reply'),
      run: async (interaction, { args }) => {
        const embeds = interaction.message.embeds.map(({ data }) => data);
        const [asked, picked] = [choiceOf(embeds, selected(interaction) ?? ''), pickedOf(args)];
        if (!asked || !picked) throw new LeitmotifError('answer-expired', 'Cannot read which recording was chosen');
        await runOrAskChoice({ bot, queryRunner }, interaction, [asked], picked);
      },
    },
    {
      action: 'cancel',
      // Nothing is edited: the button's message may already be the answer, or another user's.
      acknowledge: () => 'update',
      run: async (interaction, { args }) => {
        const owner = queryRunner.ownerOf(args[0] ?? '');
        if (owner === interaction.user.id) queryRunner.cancel(args[0] ?? '');
        else if (owner === null)
          await followUpPrivately(interaction, tooLateToCancelReply(bot.texts(interaction.locale)));
        else
          throw new LeitmotifError('not-allowed', "Cannot cancel another user's query", {
            facts: { kind: 'not-yours' },
          });
      },
    },
  ];
}
