/** Listen: sends the clips of one result privately, with thumbs. Also stores the votes of the thumbs. */
import { stat } from 'node:fs/promises';
import type { Vote } from '../../catalog/feedback.ts';
import { LeitmotifError } from '../../errors.ts';
import type { ResultClips } from '../../media/clips.ts';
import type { Result } from '../../query/answer.ts';
import type { StoredAnswer } from '../../query/stored-answer.ts';
import type { ComponentHandler, ComponentInteraction } from '../handler.ts';
import type { AnswerClip } from '../replies/answer.ts';
import { listenReply, listenRow, ratedReply } from '../replies/listen.ts';
import type { Reply } from '../reply.ts';
import { retryBusy } from '../retry-busy.ts';
import { editComponents, editReply } from '../send.ts';
import { answerOf, type ComponentParts, resultOf, selected } from './parts.ts';

export function listenHandlers(parts: ComponentParts): ComponentHandler[] {
  const { bot } = parts;
  return [
    {
      action: 'listen',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        const stored = answerOf(bot, id);
        // Messages of older versions have a button for each piece, with its rank.
        const result = resultOf(stored, selected(interaction) ?? id.args[1], bot);
        assertMayAttach(interaction);
        await editReply(interaction, await listenMessage(parts, interaction, stored, result));
      },
    },
    {
      // The thumbs below the clips: the private message shows the vote.
      action: 'vote',
      acknowledge: () => 'update',
      run: async (interaction, id) => {
        const stored = answerOf(bot, id);
        const result = resultOf(stored, id.args[1], bot);
        const vote = id.args[2] === 'down' ? -1 : 1;
        await storeVote(parts, interaction, { stored, result, vote });
        const row = listenRow(bot.texts(interaction.locale), {
          ...{ answerId: stored.id, result, ownVote: vote, mayShare: interaction.guildId !== null },
        });
        await editComponents(interaction, { components: [row] });
      },
    },
    {
      // The select below the answer, which everybody sees, so it shows no vote.
      action: 'rate',
      acknowledge: () => 'private-reply',
      run: async (interaction, id) => {
        const stored = answerOf(bot, id);
        const [way, rank] = selected(interaction)?.split('-') ?? [];
        const result = resultOf(stored, rank, bot);
        const vote = way === 'down' ? -1 : 1;
        await storeVote(parts, interaction, { stored, result, vote });
        await editReply(interaction, ratedReply(bot.texts(interaction.locale), { result, vote }));
      },
    },
  ];
}

/** Checks the permission before any clip is cut.
 *  @throws {LeitmotifError} 'discord-permission' */
function assertMayAttach({ appPermissions, channelId }: ComponentInteraction): void {
  if (appPermissions.has('AttachFiles')) return;
  const facts = { permission: 'AttachFiles', channelId };
  throw new LeitmotifError('discord-permission', 'Cannot send clips: the bot lacks AttachFiles', { facts });
}

async function listenMessage(
  { bot, presenter }: ComponentParts,
  interaction: ComponentInteraction,
  stored: StoredAnswer,
  result: Result,
): Promise<Reply> {
  const { source, contentSha256, spaceId } = stored;
  const clips = await presenter.clips(stored, result, bot.stopping);
  const person = { contentSha256, spaceId, trackId: result.track.id, userId: interaction.user.id };
  return listenReply(bot.texts(interaction.locale), {
    answerId: stored.id,
    answer: stored.answer,
    result,
    clips: await clipFiles(result.rank, clips),
    ownVote: bot.catalog.feedback.voteOf(person),
    yoursMissing: clips.yours === null ? (source.kind === 'piece' ? 'piece' : 'clip') : null,
    attachmentLimitBytes: interaction.attachmentSizeLimit,
    mayShare: interaction.guildId !== null,
  });
}

/** @returns the clips in playing order */
export async function clipFiles(rank: number, { theirs, yours, ab }: ResultClips): Promise<AnswerClip[]> {
  const there = [
    { kind: 'theirs', path: theirs },
    { kind: 'yours', path: yours },
    { kind: 'ab', path: ab },
  ] as const;
  return Promise.all(
    there.flatMap(({ kind, path }) =>
      path === null ? [] : [stat(path).then(({ size }) => ({ rank, kind, path, sizeBytes: size }))],
    ),
  );
}

async function storeVote(
  { bot }: ComponentParts,
  { user }: ComponentInteraction,
  { stored, result, vote }: { readonly stored: StoredAnswer; readonly result: Result; readonly vote: Vote },
): Promise<void> {
  const { id: answerId, contentSha256, spaceId, generation } = stored;
  const where = { answerId, contentSha256, spaceId, generation, trackId: result.track.id, rank: result.rank };
  await retryBusy(() => bot.catalog.feedback.put({ ...where, userId: user.id, vote }));
}
