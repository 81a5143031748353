/** One interaction from its press to the end of its token. */
import type { InteractionType } from 'discord-api-types/v10';
import type { Modal } from './modal-rules.ts';

export const tokenLifeMs = 15 * 60_000;

export interface InteractionRecord {
  readonly id: string;
  /** Whoever knows it may answer, for 15 minutes. */
  readonly token: string;
  readonly type: InteractionType;
  readonly userId: string;
  readonly channelId: string;
  /** null in a direct message */
  readonly guildId: string | null;
  readonly commandName: string | null;
  /** Of a message command. */
  readonly targetMessageId: string | null;
  /** Of a component: the message that it sits on. */
  readonly sourceMessageId: string | null;
  /** Of a modal that was sent: the interaction that it answers. */
  readonly openedBy: InteractionRecord | null;
  /** When it went out to the bot. */
  readonly sentAtMs: number;
  state: 'waiting' | 'answered' | 'failed';
  /** When the callback arrived. */
  answeredAtMs: number | null;
  /** The message that `@original` names. */
  originalId: string | null;
  /** Deferred with "thinking..." and not yet edited. */
  isThinking: boolean;
  readonly followupIds: string[];
  choices: readonly { readonly name: string; readonly value: string | number }[] | null;
  /** What the bot answered with, until it is sent. */
  modal: Modal | null;
}
