/** What the components under an answer share: their parts, and how they find what they point to. */
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
  throw new LeitmotifError('answer-expired', `Cannot find the answer ${args[0]}: it is no longer kept`);
}

/** @throws {LeitmotifError} 'track-unknown' for a piece that was removed since; 'answer-expired' for a rank that the
 *    answer does not have */
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

/** Whether a piece of the answer was removed since: its verdict, places and clips are not to be shown then. */
export function holdsRemoved({ answer }: StoredAnswer, { catalog }: BotContext): boolean {
  const ids = shownTrackIds(answer);
  return catalog.tracks.live(ids).size < ids.size;
}

/** The value of a select of one. */
export function selected(interaction: ComponentInteraction): string | undefined {
  return interaction.isStringSelectMenu() ? interaction.values[0] : undefined;
}

/** A new answer stands where the old one does, if it is the asker who goes on; anybody else gets one of their own. */
export function replyLike(interaction: ComponentInteraction, askerId: string): 'public-reply' | 'private-reply' {
  const isPublic = !interaction.message.flags.has('Ephemeral') && interaction.user.id === askerId;
  return isPublic ? 'public-reply' : 'private-reply';
}
