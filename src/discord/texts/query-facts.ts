/** Arguments of the texts about queries, for all languages. Names are already escaped and cut. */
import type { ReasonFacts } from '../../query/answer-facts.ts';

export interface QueryFacts {
  readonly name: string;
  readonly durationSec: number;
  /** Set when only a part was the query. */
  readonly part: { readonly fromSec: number; readonly toSec: number } | null;
  /** Chunks that were compared. */
  readonly chunks: number;
}

export type Reason = Pick<ReasonFacts, 'isSameRecording' | 'agreeingChunks' | 'voters' | 'inStepSec'>;

/** theirs: the piece's window; yours: the query's; ab: yours, then theirs. */
export type ClipKind = 'theirs' | 'yours' | 'ab';
