/** Listen: sends the clips of one result privately, with thumbs. Also stores the votes of the thumbs. */
import { stat } from 'node:fs/promises';
import { resultOf } from '../../answering/stored-result.ts';
import type { FeedbackEntry, Vote } from '../../catalog/feedback.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import { LeitmotifError } from '../../errors.ts';
import type { ResultClips } from '../../media/clips.ts';
import type { Result } from '../../query/answer.ts';
import type { StoredAnswer } from '../../query/stored-answer.ts';
import type { ComponentHandler, ComponentInteraction } from '../handler.ts';
import { isMemberHere } from '../places.ts';
import type { AnswerClip } from '../replies/answer.ts';
import { listenReply, listenRow, ratedReply, withdrawnReply, withdrawValue } from '../replies/listen.ts';
import type { Reply } from '../reply.ts';
import { editComponents, editReply } from '../send.ts';
import { answerOf, type ComponentParts, selected } from './parts.ts';

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
      // The thumbs below the clips: the private message shows the vote. The same thumb again withdraws it.
      action: 'vote',
      acknowledge: () => 'update',
      run: async (interaction, id) => {
        const stored = answerOf(bot, id);
        const result = resultOf(stored, id.args[1], bot);
        const entry = voteEntry(interaction, stored, result, id.args[2] === 'down' ? -1 : 1);
        const ownVote = await retryBusy(() => bot.catalog.feedback.toggle(entry));
        const row = listenRow(bot.texts(interaction.locale), {
          ...{ answerId: stored.id, result, ownVote, mayShare: isMemberHere(interaction, bot) },
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
        const texts = bot.texts(interaction.locale);
        if (selected(interaction) === withdrawValue) {
          await editReply(interaction, withdrawnReply(texts, await withdrawVotes(parts, interaction, stored)));
          return;
        }
        const [way, rank] = selected(interaction)?.split('-') ?? [];
        const result = resultOf(stored, rank, bot);
        const vote = way === 'down' ? -1 : 1;
        await retryBusy(() => bot.catalog.feedback.put(voteEntry(interaction, stored, result, vote)));
        await editReply(interaction, ratedReply(texts, { result, vote }));
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
    yoursMissing:
      clips.yours === null ? (source.kind === 'piece' || source.kind === 'pieces' ? 'piece' : 'clip') : null,
    attachmentLimitBytes: interaction.attachmentSizeLimit,
    mayShare: isMemberHere(interaction, bot),
  });
}

/** @returns the clips in playing order */
export async function clipFiles(rank: number, { theirs, yours, ab }: ResultClips): Promise<AnswerClip[]> {
  const existing = [
    { kind: 'theirs', path: theirs },
    { kind: 'yours', path: yours },
    { kind: 'ab', path: ab },
  ] as const;
  return Promise.all(
    existing.flatMap(({ kind, path }) =>
      path === null ? [] : [stat(path).then(({ size }) => ({ rank, kind, path, sizeBytes: size }))],
    ),
  );
}

/** A user's vote on one result, as the catalog stores it. */
function voteEntry(
  { user }: ComponentInteraction,
  { id: answerId, contentSha256, spaceId, generation }: StoredAnswer,
  { rank, track }: Result,
  vote: Vote,
): FeedbackEntry {
  return { answerId, contentSha256, spaceId, generation, trackId: track.id, rank, userId: user.id, vote };
}

/** @returns number of withdrawn votes on results of the answer, on all its pages */
async function withdrawVotes(
  { bot }: ComponentParts,
  { user }: ComponentInteraction,
  { contentSha256, spaceId, answer }: StoredAnswer,
): Promise<number> {
  const trackIds = answer.results.map(({ track }) => track.id);
  return retryBusy(() => bot.catalog.feedback.withdraw({ contentSha256, spaceId, userId: user.id }, trackIds));
}
