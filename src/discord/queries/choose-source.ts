/** From the given sources to one query: follows links to their audio, and lets the user choose among several recordings. */
import type { RepliableInteraction } from 'discord.js';
import type { RequestedSource } from '../../answering/question.ts';
import type { BotContext } from '../bot-context.ts';
import { chooseReply, type Picked } from '../replies/choose.ts';
import { editReply, followUpPrivately } from '../send.ts';
import type { ClipOrLink } from './message-audio.ts';
import { resolveLink } from './message-link.ts';
import type { QueryRunner } from './query-runner.ts';

export interface ChoosingParts {
  readonly bot: BotContext;
  readonly queryRunner: QueryRunner;
}

/** Runs the query, or asks the user which recording is meant.
 *  @param given never empty
 *  @param acknowledged how the interaction was: `private-reply` or `public-reply`
 *  @throws {LeitmotifError} as resolveLink and QueryRunner.run */
export async function runOrAskChoice(
  { bot, queryRunner }: ChoosingParts,
  interaction: RepliableInteraction,
  given: readonly RequestedSource[],
  { isPrivate, ...options }: Picked,
): Promise<void> {
  const [first] = given;
  const only = given.length === 1 && first ? await resolved(first, interaction, bot) : { choices: given };
  if ('kind' in only) return queryRunner.run(interaction, { asked: only, options });
  const choices = only.choices.filter(isChoice);
  const question = chooseReply(bot.texts(interaction.locale), { choices, picked: { ...options, isPrivate } });
  if (isPrivate) return void (await editReply(interaction, question));
  // The choice is private; only the answer appears in the channel.
  await interaction.deleteReply().catch((err: unknown) => {
    bot.log.info({ interaction: interaction.id, err }, 'the reply was already gone when the choice was sent');
  });
  await followUpPrivately(interaction, question);
}

async function resolved(asked: RequestedSource, { user }: RepliableInteraction, bot: BotContext) {
  if (asked.kind !== 'link') return asked;
  const found = await resolveLink(asked.url, user.id, bot);
  return found.kind === 'several' ? { choices: found.choices } : found;
}

function isChoice(asked: RequestedSource): asked is ClipOrLink {
  return asked.kind === 'clip' || asked.kind === 'link';
}
