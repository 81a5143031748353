/** A query's source and options. */
import type { FusionName } from '../domain.ts';

export interface QueryRequest {
  /** Path of a file on this machine. */
  readonly path: string;
  /** SHA-256 of its bytes in lower-case hex, if already known. */
  readonly contentSha256?: string;
  /** Its name if it has no title; default: the file's name. */
  readonly name?: string;
  /** The part used as the query, in seconds of the recording. */
  readonly fromSec?: number;
  readonly toSec?: number;
  /** Neighbours per chunk of the query. */
  readonly neighbours: number;
  readonly fusion: FusionName;
  readonly resultsMax: number;
  /** Whether silence, applause and noise in the query are searched too. */
  readonly includeNonMusic: boolean;
  /** Whether to correct hubs, if the generation has hubness and the fusion supports it. Default: no. */
  readonly hubCorrection?: boolean;
  /** Maximum number of results by one artist, so that an answer is not one album. Default: no limit. */
  readonly perArtistMax?: number;
  /** Tracks excluded together with their duplicates: the library track used as the query. */
  readonly excludedTracks?: ReadonlySet<number>;
  readonly signal: AbortSignal;
}
