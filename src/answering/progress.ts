/** Progress of a query. Unknown facts are missing. */
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
