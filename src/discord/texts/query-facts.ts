/** What sentences about queries are made of, whatever the language. Names come escaped and cut. */
import type { ReasonFacts } from '../../query/answer-facts.ts';

export interface AskedWith {
  readonly name: string;
  readonly durationSec: number;
  /** Where only a part was asked with. */
  readonly part: { readonly fromSec: number; readonly toSec: number } | null;
  /** Chunks that were compared. */
  readonly chunks: number;
}

export type Reason = Pick<ReasonFacts, 'isSameRecording' | 'agreeingChunks' | 'voters' | 'inStepSec'>;

/** theirs: the piece's window; yours: the query's; ab: yours, then theirs. */
export type ClipKind = 'theirs' | 'yours' | 'ab';

/** How far a query has come. What is not known yet is left out. */
export interface Progress {
  readonly stage: 'waiting' | 'fetching' | 'listening' | 'comparing' | 'cutting';
  /** In the queue, from 1. */
  readonly place?: number;
  readonly bytes?: number;
  readonly bytesTotal?: number;
  readonly decodedSec?: number;
  readonly chunksDone?: number;
  /** null: not known. */
  readonly chunksLeft?: number | null;
}
