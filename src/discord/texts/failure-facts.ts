/** Reads the facts of an error (errors.ts, ErrorFacts). A missing fact makes the sentence shorter, not wrong.
 *
 *  Facts: bytesMax, durationMinSec, durationMaxSec, deadlineSec, fromSec, retryAtMs, waitingMax, status, host,
 *  permission, channelId, text, name, from, to, tracks, silence, applause, noise, and these, which distinguish the cases of one code:
 *
 *  link-refused    kind     as in fetch/link-errors.ts, and message-unreadable
 *  link-not-audio  kind     page, encoded, message
 *  not-allowed     kind     not-yours
 *  bad-request     problem  one-of-three: none or several of clip, link and piece; time-unreadable: `text` is not a time;
 *                           to-before-from: `to` is not after `from`; beyond-end: there is nothing from `fromSec` on;
 *                           message-without-audio
 */
import type { ErrorCode, ErrorFacts } from '../../errors.ts';

export type FailureTexts = Readonly<Record<ErrorCode, (facts: ErrorFacts) => string>>;

export function numberOf(facts: ErrorFacts, key: string): number | null {
  const value = facts[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** `failureReply` has escaped and cut text from users and servers. */
export function textOf(facts: ErrorFacts, key: string): string | null {
  const value = facts[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Counts of tracks without music, in words: "2 silence". */
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

/** The phrase for a known fact; `otherwise` for an unknown one. */
export function withFact<T>(value: T | null, render: (value: T) => string, otherwise = ''): string {
  return value === null ? otherwise : render(value);
}
