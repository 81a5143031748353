/** Shared by the components under an answer: their dependencies, and the lookups from custom ids to answers and results. */
import { LeitmotifError } from '../../errors.ts';
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

/** The value of a single-choice select. */
export function selected(interaction: ComponentInteraction): string | undefined {
  return interaction.isStringSelectMenu() ? interaction.values[0] : undefined;
}

/** The user of the old answer gets the new one in the same place; any other user gets a private one. */
export function replyLike(interaction: ComponentInteraction, askerId: string): 'public-reply' | 'private-reply' {
  const isPublic = !interaction.message.flags.has('Ephemeral') && interaction.user.id === askerId;
  return isPublic ? 'public-reply' : 'private-reply';
}
