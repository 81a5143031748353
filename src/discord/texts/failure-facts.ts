/** Reads the facts that a failure carries (errors.ts, ErrorFacts). A missing one makes the sentence shorter, not wrong.
 *
 *  Read are: bytesMax, durationSec, durationMinSec, durationMaxSec, deadlineSec, retryAtMs, waitingMax, status, host,
 *  permission, channelId, text, name, from, to, and what tells the cases of one code apart:
 *  `kind` of link-refused (LinkRefusal, or message-unreadable) and of link-not-audio (page, encoded, message);
 *  `problem` of bad-request (BadRequestProblem).
 */
import type { ErrorCode, ErrorFacts } from '../../errors.ts';

export type FailureTexts = Readonly<Record<ErrorCode, (facts: ErrorFacts) => string>>;

/** What is wrong with what was typed. one-of-three: none or several of clip, link and piece; time-unreadable: `text` is no
 *  time; to-before-from: `to` is not after `from`; beyond-end: the part begins after `durationSec`. */
export type BadRequestProblem =
  | 'one-of-three'
  | 'time-unreadable'
  | 'to-before-from'
  | 'beyond-end'
  | 'message-without-audio';

export function numberOf(facts: ErrorFacts, key: string): number | null {
  const value = facts[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Other people's text among them is escaped and cut by `failureReply`. */
export function textOf(facts: ErrorFacts, key: string): string | null {
  const value = facts[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The sentence with what is known in it, or without. */
export function withFact<T>(value: T | null, say: (value: T) => string, otherwise = ''): string {
  return value === null ? otherwise : say(value);
}
