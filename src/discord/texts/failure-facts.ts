/** Reads the facts that a failure carries (errors.ts, ErrorFacts). A missing one makes the sentence shorter, not wrong.
 *
 *  Read are: bytesMax, durationMinSec, durationMaxSec, deadlineSec, fromSec, retryAtMs, waitingMax, status, host,
 *  permission, channelId, text, name, from, to, tracks, silence, applause, noise, and what tells the cases of one code apart:
 *
 *  link-refused    kind     as in fetch/link-errors.ts, and message-unreadable
 *  link-not-audio  kind     page, encoded, message
 *  not-allowed     kind     not-yours
 *  bad-request     problem  one-of-three: none or several of clip, link and piece; time-unreadable: `text` is no time;
 *                           to-before-from: `to` is not after `from`; beyond-end: there is nothing from `fromSec` on;
 *                           message-without-audio
 */
import type { ErrorCode, ErrorFacts } from '../../errors.ts';

export type FailureTexts = Readonly<Record<ErrorCode, (facts: ErrorFacts) => string>>;

export function numberOf(facts: ErrorFacts, key: string): number | null {
  const value = facts[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Other people's text among them is escaped and cut by `failureReply`. */
export function textOf(facts: ErrorFacts, key: string): string | null {
  const value = facts[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** How many tracks hold what instead of music, in words: "2 silence". */
export function kindsIn(
  facts: ErrorFacts,
  names: Readonly<Record<'silence' | 'applause' | 'noise', string>>,
  whole: (value: number) => string,
): string[] {
  return (['silence', 'applause', 'noise'] as const).flatMap((kind) => {
    const tracks = numberOf(facts, kind) ?? 0;
    return tracks > 0 ? [`${whole(tracks)} ${names[kind]}`] : [];
  });
}

/** The sentence with what is known in it, or without. */
export function withFact<T>(value: T | null, say: (value: T) => string, otherwise = ''): string {
  return value === null ? otherwise : say(value);
}
