/** Turns a failure into one sentence for the user, with a reference that the log repeats next to the details. */
import { randomInt } from 'node:crypto';
import { DiscordAPIError, HTTPError, RESTJSONErrorCodes, type RepliableInteraction } from 'discord.js';
import type { Logger } from 'pino';
import { durationMinSec } from '../audio/chunk.ts';
import type { AudioLimits } from '../audio/limits.ts';
import { type ErrorFacts, isRetryable, LeitmotifError, toLeitmotifError } from '../errors.ts';
import { failureReply } from './replies/failure.ts';
import { cancelledReply } from './replies/progress.ts';
import { expiredReply, pieceGoneReply } from './replies/stale.ts';
import type { Reply } from './reply.ts';
import { editReply, followUpPrivately } from './send.ts';
import type { Texts } from './texts/texts.ts';

/** Discord's codes for an interaction that can no longer be answered: unknown, and its token expired.
 *  @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const interactionGone = [10_062, 50_027, 10_015];

export interface ErrorReplyOptions {
  readonly texts: Texts;
  readonly log: Logger;
  /** The worker's limits for recordings; its errors do not carry them. */
  readonly limits: AudioLimits;
  /** How the interaction was acknowledged. A public reply is deleted, so that a failure leaves nothing in the channel, and the
   *  user gets a private message. With `update`, the message with the component stays as it is. */
  readonly acknowledged: 'private-reply' | 'public-reply' | 'update';
}

/** Sends the user the error reply. Never throws: when sending fails, it logs a warning.
 *  @returns the failure's code, for the metrics */
export async function sendErrorReply(
  interaction: RepliableInteraction,
  error: unknown,
  options: ErrorReplyOptions,
): Promise<string> {
  const failure = asFailure(error, options.limits);
  const reference = newReference();
  const level = failure.code === 'internal' ? 'error' : 'info';
  const { code, facts, message } = failure;
  const details = code === 'internal' ? { err: error } : { why: message, facts };
  options.log[level]({ reference, code, interaction: interaction.id, ...details }, 'an interaction failed');
  const reply = replyTo(failure, reference, options.texts);
  try {
    await tell(interaction, reply, options, reference);
  } catch (cause) {
    options.log.warn({ reference, interaction: interaction.id, err: cause }, 'the error reply could not be sent');
  }
  return code;
}

/** When the message is already gone, or cannot be deleted, the user gets a follow-up message. */
async function tell(
  interaction: RepliableInteraction,
  reply: Reply,
  { acknowledged, log }: ErrorReplyOptions,
  reference: string,
): Promise<void> {
  const logAndContinue = (err: unknown) =>
    log.info({ reference, interaction: interaction.id, err }, 'the reply was gone before the error reply was sent');
  if (acknowledged === 'private-reply') {
    try {
      await editReply(interaction, reply);
      return;
    } catch (error) {
      if (!isMessageGone(error)) throw error;
      logAndContinue(error);
    }
  }
  if (acknowledged === 'public-reply') await interaction.deleteReply().catch(logAndContinue);
  await followUpPrivately(interaction, reply);
}

function replyTo(failure: LeitmotifError, reference: string, texts: Texts): Reply {
  const { code, facts } = failure;
  if (code === 'cancelled') return cancelledReply(texts);
  if (code === 'answer-expired') return expiredReply(texts);
  if (code === 'track-unknown' && typeof facts.answerId === 'string') return pieceGoneReply(texts, facts.answerId);
  return failureReply(texts, { code, facts, reference, retryable: isRetryable(failure) });
}

/** Maps Discord's errors to codes; every unexpected error becomes 'internal'. */
function asFailure(error: unknown, limits: AudioLimits): LeitmotifError {
  if (error instanceof HTTPError)
    return new LeitmotifError('discord-unavailable', `Discord answered ${error.status}`, { cause: error });
  if (isAbort(error)) {
    // Our own signals carry a reason, which is the failure. An abort without a reason is a discord.js time-out.
    if (error.cause instanceof LeitmotifError) return withLimits(error.cause, limits);
    return new LeitmotifError('discord-unavailable', 'Discord did not answer in time', { cause: error });
  }
  if (isUnreachable(error))
    return new LeitmotifError('discord-unavailable', `Discord is unreachable: ${error.message}`, { cause: error });
  if (!(error instanceof DiscordAPIError)) return withLimits(toLeitmotifError(error), limits);
  const permission = error.code === 50_013 || error.code === 50_001;
  const code = permission ? 'discord-permission' : 'discord-unavailable';
  const facts: ErrorFacts = isMessageGone(error) ? { kind: 'message-gone' } : {};
  return new LeitmotifError(code, `Discord answered ${error.status}: ${error.message}`, { cause: error, facts });
}

function withLimits(failure: LeitmotifError, { durationMaxSec, bytesMax }: AudioLimits): LeitmotifError {
  const { code, message, facts } = failure;
  const known: Partial<Record<typeof code, ErrorFacts>> = {
    'audio-too-short': { durationMinSec },
    'audio-too-long': { durationMaxSec },
    'audio-too-large': { bytesMax },
  };
  return new LeitmotifError(code, message, { cause: failure.cause ?? failure, facts: { ...known[code], ...facts } });
}

function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError';
}

/** Connection errors of discord.js's HTTP client. The worker's client and link fetching map theirs to their own codes. */
function isUnreachable(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(UND_ERR_|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)/.test(code);
}

/** Whether the interaction was too old to be answered. */
export function isInteractionGone(error: unknown): boolean {
  return error instanceof DiscordAPIError && interactionGone.includes(Number(error.code));
}

/** Whether a message no longer exists: a moderator deleted it, or its user dismissed it. */
export function isMessageGone(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage;
}

/** Short enough to read out, without letters that look alike. */
function newReference(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  return Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
