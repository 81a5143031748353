/** The words in the match picture in one language; English by default. */
import type { ChunkKind } from '../domain.ts';
import { formatTime } from '../format.ts';
import type { VerdictFacts } from '../query/answer-facts.ts';
import { verdictInEnglish } from '../query/answer-words.ts';

export interface PictureWords {
  readonly verdict: (facts: VerdictFacts) => string;
  /** The query; a part of it when fromSec and toSec are not null. */
  readonly yours: (name: string, durationSec: number, part: { fromSec: number; toSec: number } | null) => string;
  /** Of an answer without matches. */
  readonly score: (value: number) => string;
  /** @param value 0 to 100 */
  readonly match: (value: number) => string;
  readonly kinds: Readonly<Record<ChunkKind, string>>;
  /** The legend, nearest first: identical, very similar, similar, less similar. At most 14 characters each. */
  readonly closeness: readonly [string, string, string, string];
}

export const englishPictureWords: PictureWords = {
  verdict: verdictInEnglish,
  yours: (name, durationSec, part) =>
    `yours: ${name}, ${part ? `${formatTime(part.fromSec)} to ${formatTime(part.toSec)}` : formatTime(durationSec)}`,
  score: (value) => value.toFixed(2),
  match: (value) => `match ${value}`,
  kinds: { music: 'music', silence: 'silence', applause: 'applause', noise: 'noise' },
  closeness: ['identical', 'very similar', 'similar', 'less similar'],
};
