/** What becomes of a failure: one sentence for the person, with a reference that stands in the log beside the details. */
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
  /** What the worker holds recordings to; its refusals do not say. */
  readonly limits: AudioLimits;
  /** How it was acknowledged. A public reply goes, so that a run that fails leaves nothing in the channel, and the
   *  person is told privately; an update leaves the message that it would have edited as it is. */
  readonly acknowledged: 'private-reply' | 'public-reply' | 'update';
}

/** Tells the person. Never throws: when not even that is possible, the log says so.
 *  @returns the failure's code, for the metrics */
export async function sendErrorReply(
  interaction: RepliableInteraction,
  error: unknown,
  how: ErrorReplyOptions,
): Promise<string> {
  const failure = asFailure(error, how.limits);
  const reference = newReference();
  const level = failure.code === 'internal' ? 'error' : 'info';
  const { code, facts, message } = failure;
  const details = code === 'internal' ? { err: error } : { why: message, facts };
  how.log[level]({ reference, code, interaction: interaction.id, ...details }, 'told a person that it failed');
  const reply = replyTo(failure, reference, how.texts);
  try {
    await tell(interaction, reply, how, reference);
  } catch (cause) {
    how.log.warn({ reference, interaction: interaction.id, err: cause }, 'the person could not be told');
  }
  return code;
}

/** A message that is gone already, or cannot be removed, keeps nobody from being told: a further one is sent then. */
async function tell(
  interaction: RepliableInteraction,
  reply: Reply,
  { acknowledged, log }: ErrorReplyOptions,
  reference: string,
): Promise<void> {
  const goOn = (err: unknown) =>
    log.info({ reference, interaction: interaction.id, err }, 'the reply was gone before the person was told');
  if (acknowledged === 'private-reply') {
    try {
      await editReply(interaction, reply);
      return;
    } catch (error) {
      if (!isMessageGone(error)) throw error;
      goOn(error);
    }
  }
  if (acknowledged === 'public-reply') await interaction.deleteReply().catch(goOn);
  await followUpPrivately(interaction, reply);
}

function replyTo(failure: LeitmotifError, reference: string, texts: Texts): Reply {
  const { code, facts } = failure;
  if (code === 'cancelled') return cancelledReply(texts);
  if (code === 'answer-expired') return expiredReply(texts);
  if (code === 'track-unknown' && typeof facts.answerId === 'string') return pieceGoneReply(texts, facts.answerId);
  return failureReply(texts, { code, facts, reference, retryable: isRetryable(failure) });
}

/** Discord's refusals become ours; whatever it is that nobody foresaw is our mistake, and told as that. */
function asFailure(error: unknown, limits: AudioLimits): LeitmotifError {
  if (error instanceof HTTPError)
    return new LeitmotifError('discord-unavailable', `Discord answered ${error.status}`, { cause: error });
  if (isAbort(error)) {
    // Our own signals are aborted with a reason, which is what to tell. One without is the time-out of discord.js.
    if (error.cause instanceof LeitmotifError) return withLimits(error.cause, limits);
    return new LeitmotifError('discord-unavailable', 'Discord did not answer in time', { cause: error });
  }
  if (isUnreachable(error))
    return new LeitmotifError('discord-unavailable', `Discord is not in reach: ${error.message}`, { cause: error });
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

/** discord.js hands on what its HTTP client throws when there is no connection. What the worker's client and the fetching
 *  of links meet is told by codes of their own. */
function isUnreachable(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(UND_ERR_|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)/.test(code);
}

/** Whether an error only says that the interaction was too old to be answered. */
export function isInteractionGone(error: unknown): boolean {
  return error instanceof DiscordAPIError && interactionGone.includes(Number(error.code));
}

/** Whether a message is not there any more: a moderator deleted it, or whom it was for dismissed it. */
export function isMessageGone(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage;
}

/** Short enough to be read out, without letters that look like others. */
function newReference(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  return Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
