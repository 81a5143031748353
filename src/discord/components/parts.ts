/** Shared by the components under an answer: their dependencies, and the lookups from custom ids to answers and results. */
import { LeitmotifError } from '../../errors.ts';
import { type Result, shownTrackIds } from '../../query/answer.ts';
import { fromRow, type StoredAnswer } from '../../query/stored-answer.ts';
import type { BotContext } from '../bot-context.ts';
import type { CustomId } from '../custom-id.ts';
import type { ComponentInteraction } from '../handler.ts';
import type { AnswerPresenter } from '../queries/answer-reply.ts';
import type { QueryRunner } from '../queries/query-runner.ts';

export interface ComponentParts {
  readonly bot: BotContext;
  readonly queryRunner: QueryRunner;
  readonly presenter: AnswerPresenter;
}

/** @throws {LeitmotifError} 'answer-expired' */
export function answerOf({ catalog }: BotContext, { args }: CustomId): StoredAnswer {
  const row = catalog.answers.get(args[0] ?? '');
  const stored = row === null ? null : fromRow(row);
  if (stored) return stored;
  throw new LeitmotifError('answer-expired', `Cannot find the answer ${args[0]}: it is no longer stored`);
}

/** @throws {LeitmotifError} 'track-unknown' when the track was removed since; 'answer-expired' when the answer has no such rank */
export function resultOf(
  { id: answerId, answer }: StoredAnswer,
  rank: string | undefined,
  { catalog }: BotContext,
): Result {
  const result = answer.results.find((found) => String(found.rank) === rank);
  if (!result) throw new LeitmotifError('answer-expired', `Cannot find result ${rank} of an answer`);
  if (catalog.tracks.live([result.track.id]).size > 0) return result;
  const facts = { answerId };
  throw new LeitmotifError('track-unknown', `Cannot show ${result.track.key}: it was removed since`, { facts });
}

/** Whether a track of the answer was removed since. If so, its verdict, times and clips must not be shown. */
export function hasRemovedPieces({ answer }: StoredAnswer, { catalog }: BotContext): boolean {
  const ids = shownTrackIds(answer);
  return catalog.tracks.live(ids).size < ids.size;
}

/** The value of a single-choice select. */
export function selected(interaction: ComponentInteraction): string | undefined {
  return interaction.isStringSelectMenu() ? interaction.values[0] : undefined;
}

/** The user of the old answer gets the new one in the same place; any other user gets a private one. */
export function replyLike(interaction: ComponentInteraction, askerId: string): 'public-reply' | 'private-reply' {
  const isPublic = !interaction.message.flags.has('Ephemeral') && interaction.user.id === askerId;
  return isPublic ? 'public-reply' : 'private-reply';
}
