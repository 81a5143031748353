/** What a MilvusClient is asked for, and what it answers. */

/** Strong: all that was written before the request, for which the server waits up to a fifth of a second. Bounded: all that was
 *  written some seconds before (`common.gracefulTime` of the server, 5 by default). */
export type Consistency = 'Strong' | 'Bounded';

export interface Hit {
  readonly row: number;
  readonly score: number;
}

export interface RowBatch {
  readonly rows: readonly number[];
  readonly tracks: readonly number[];
  readonly vectors: readonly Float32Array[];
}

export interface Search {
  readonly k: number;
  readonly parameters: Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
  /** Default: Strong. */
  readonly consistency?: Consistency;
}
