/** Runs one query of one user up to its final reply, as the user sees it. */
import type { APIMessage } from 'discord-api-types/v10';
import type { Interaction, Person } from '../../local-discord/local-discord.ts';
import type { Stage } from './stage.ts';

export interface Ending {
  readonly interaction: Interaction;
  /** answer: with pieces to listen to; refusal: one sentence with a reference; lost: no reply in time. */
  readonly kind: 'answer' | 'refusal' | 'lost';
  /** From the command to the end. */
  readonly tookMs: number;
  /** From the command to the first progress; null without progress. */
  readonly progressMs: number | null;
  readonly message: APIMessage | null;
}

/** Discord's own limit for an interaction. */
const tokenLifeMs = 15 * 60_000;

/** @param onSent called at once, before any reply
 *  @throws {Error} when the bot ended */
export async function ask(
  { bot }: Stage,
  person: Person,
  clip: Buffer,
  onSent?: (sent: Interaction) => void,
): Promise<Ending> {
  const interaction = await person.slash('similar', { clip: { name: 'clip.mp3', data: clip } });
  onSent?.(interaction);
  return bot.until(endOf(interaction));
}

async function endOf(interaction: Interaction): Promise<Ending> {
  const message = await interaction
    .until((found) => isAnswer(found) || isRefusal(found), tokenLifeMs)
    .catch(() => null);
  const tookMs = Date.now() - interaction.sentAtMs;
  const progress = interaction.edits.find(({ message: { content } }) => content !== '');
  const progressMs = progress && !isAnswer(progress.message) ? progress.atMs - interaction.sentAtMs : null;
  const kind = message === null ? 'lost' : isAnswer(message) ? 'answer' : 'refusal';
  return { interaction, kind, tookMs, progressMs, message };
}

/** The final replies of this interaction; exactly one is correct. */
export function endsOf(interaction: Interaction): APIMessage[] {
  const all = [interaction.original(), ...interaction.followups].filter((message) => message !== null);
  return all.filter((message) => isAnswer(message) || isRefusal(message));
}

/** Whether it has a button to listen to a piece. */
export function isAnswer({ components = [] }: APIMessage): boolean {
  return JSON.stringify(components).includes(':listen:');
}

export function isRefusal({ content }: APIMessage): boolean {
  return /^-# reference [a-z0-9]+$/m.test(content);
}

/** Whether it contains a retry time. */
export function tellsWhen({ content }: APIMessage): boolean {
  return /<t:\d+:R>/.test(content);
}
