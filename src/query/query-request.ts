/** What a query is asked with. */
import type { FusionName } from '../domain.ts';

export interface QueryRequest {
  /** A file on this machine. */
  readonly path: string;
  /** SHA-256 of its bytes, lower-case hex, where it is known already. */
  readonly contentSha256?: string;
  /** What to call it where it bears no title; otherwise its file's name. */
  readonly name?: string;
  /** The part to ask with, in seconds of the recording. */
  readonly fromSec?: number;
  readonly toSec?: number;
  /** Neighbours asked for each chunk of the query. */
  readonly neighbours: number;
  readonly fusion: FusionName;
  readonly resultsMax: number;
  /** Lets silence, applause and noise of the query ask too. */
  readonly includeNonMusic: boolean;
  /** Lowers what is near to everything, where the generation knows its hubs and the fusion allows it. Unset: no. */
  readonly hubCorrection?: boolean;
  /** Pieces of one artist at most, so that an answer is not one album; unset: any number. */
  readonly perArtistMax?: number;
  /** Tracks that are not to be found, nor are their copies: the piece that is asked with. */
  readonly leaveOut?: ReadonlySet<number>;
  readonly signal: AbortSignal;
}
