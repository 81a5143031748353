/** A query as the user gives it: source and options. */
import type { Focus } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { formatTime, parseTime } from '../format.ts';
import type { QueryTracks } from '../query/find-by-tracks.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';

export interface QuestionOptions {
  readonly fromSec: number | null;
  readonly toSec: number | null;
  /** Results on a page, 1 to 10. */
  readonly results: number;
  /** Whether to allow more than two results of one artist. */
  readonly sameArtist: boolean;
  readonly focus: Focus;
}

/** clip   an attachment, whose URL comes from Discord
 *  link   a URL that a user typed, fetched with all guards
 *  piece  a track of the library
 *  pieces several of them: the results resemble the plus tracks and not the minus tracks
 *  upload a file that is on this machine already; the caller deletes it
 *  again  an earlier query, without its audio, which is not stored */
export type RequestedSource =
  | { readonly kind: 'clip'; readonly url: string; readonly name: string; readonly sizeBytes: number | null }
  | { readonly kind: 'link'; readonly url: string }
  | { readonly kind: 'piece'; readonly trackId: number }
  | { readonly kind: 'pieces'; readonly tracks: QueryTracks }
  | { readonly kind: 'upload'; readonly path: string; readonly name: string; readonly contentSha256: string }
  | { readonly kind: 'again'; readonly stored: StoredAnswer };

export interface Question {
  readonly asked: RequestedSource;
  readonly options: QuestionOptions;
}

export const resultsMax = 10;

/** @throws {LeitmotifError} 'bad-request' with the problems 'time-unreadable' and 'to-before-from' */
export function readPart(from: string | null, to: string | null): Pick<QuestionOptions, 'fromSec' | 'toSec'> {
  const fromSec = from === null ? null : readTime(from);
  const toSec = to === null ? null : readTime(to);
  if (toSec !== null && toSec <= (fromSec ?? 0)) {
    throw new LeitmotifError('bad-request', 'Cannot query with a part that ends before it begins', {
      facts: { problem: 'to-before-from', from: formatTime(fromSec ?? 0), to: formatTime(toSec) },
    });
  }
  return { fromSec, toSec };
}

function readTime(text: string): number {
  try {
    return parseTime(text);
  } catch (cause) {
    const facts = { problem: 'time-unreadable', text: text.slice(0, 20) };
    throw new LeitmotifError('bad-request', 'Cannot read a time: expected seconds or m:ss', { cause, facts });
  }
}
