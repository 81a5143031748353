/** The state of one interaction until its token expires. */
import type { InteractionType } from 'discord-api-types/v10';
import type { Modal } from './modal-rules.ts';

export const tokenLifeMs = 15 * 60_000;

export interface InteractionRecord {
  readonly id: string;
  /** Authorises answers for 15 minutes. */
  readonly token: string;
  readonly type: InteractionType;
  readonly userId: string;
  readonly channelId: string;
  /** null in a direct message */
  readonly guildId: string | null;
  readonly commandName: string | null;
  /** Of a message command. */
  readonly targetMessageId: string | null;
  /** Of a component: its message. */
  readonly sourceMessageId: string | null;
  /** Of a submitted modal: the interaction that opened it. */
  readonly openedBy: InteractionRecord | null;
  /** When it was sent to the bot. */
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
  /** The modal that the bot answered with, until it is submitted. */
  modal: Modal | null;
}
