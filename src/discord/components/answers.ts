/** What leads from one answer to another: more of it, asking with a piece of it, asking again, choosing among several,
 *  and cancelling what runs. */
import { LeitmotifError } from '../../errors.ts';
import { resultsByDefault } from '../bot-context.ts';
import type { ComponentHandler } from '../handler.ts';
import { choiceOf } from '../replies/choose.ts';
import { tooLateToCancelReply } from '../replies/progress.ts';
import { generationChangedReply } from '../replies/stale.ts';
import { editReply } from '../send.ts';
import { answerOf, type ComponentParts, replyLike, resultOf, selected } from './parts.ts';

export function answerHandlers({ bot, asker, presenter }: ComponentParts): ComponentHandler[] {
  const askerIdOf = (id: string | undefined) => bot.app.catalog.answers.get(id ?? '')?.askerId ?? '';
  return [
    {
      action: 'more',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        const texts = bot.texts(interaction.locale);
        const stored = answerOf(bot, id);
        const current = (await bot.app.openIndex(bot.stopping)).current()?.id;
        if (stored.generation !== current || stored.spaceId !== (await bot.app.spaceId())) {
          await editReply(interaction, generationChangedReply(texts, stored.id));
          return;
        }
        const reply = await presenter.page(stored, {
          ...{ texts, page: Number(id.args[1]), fromMemory: false, queryPath: null, signal: bot.stopping },
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
        const { options } = answerOf(bot, id);
        const { track } = resultOf(answerOf(bot, id), selected(interaction), bot);
        const whole = { fromSec: null, toSec: null, results: options.results, sameArtist: options.sameArtist };
        await asker.ask(interaction, { asked: { kind: 'piece', trackId: track.id }, options: whole });
      },
    },
    {
      action: 'again',
      acknowledge: (interaction, { args }) => replyLike(interaction, askerIdOf(args[0])),
      run: async (interaction, id) => {
        const stored = answerOf(bot, id);
        const { fromSec, toSec, results, sameArtist } = stored.options;
        const options = { fromSec, toSec, results, sameArtist };
        await asker.ask(interaction, { asked: { kind: 'again', stored }, options });
      },
    },
    {
      action: 'pick',
      acknowledge: () => 'private-reply',
      run: async (interaction) => {
        const embeds = interaction.message.embeds.map(({ data }) => data);
        const asked = choiceOf(embeds, selected(interaction) ?? '');
        if (!asked) throw new LeitmotifError('answer-expired', 'Cannot tell which recording was chosen');
        const results = resultsByDefault(bot, interaction.guildId);
        await asker.ask(interaction, { asked, options: { fromSec: null, toSec: null, results, sameArtist: false } });
      },
    },
    {
      action: 'cancel',
      acknowledge: ({ user }, { args }) => {
        const owner = asker.ownerOf(args[0] ?? '');
        return owner === null || owner === user.id ? 'update' : 'private-reply';
      },
      run: async (interaction, { args }) => {
        const owner = asker.ownerOf(args[0] ?? '');
        if (owner === interaction.user.id) asker.cancel(args[0] ?? '');
        else if (owner === null) await editReply(interaction, tooLateToCancelReply(bot.texts(interaction.locale)));
        else
          throw new LeitmotifError('not-allowed', 'Cannot cancel the query of somebody else', {
            facts: { kind: 'not-yours' },
          });
      },
    },
  ];
}
