/** A query's source and options. */
import { type Focus, type FusionName, focusNames, fusionNames } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

export interface QueryRequest {
  /** Path of a file on this machine. */
  readonly path: string;
  /** SHA-256 of its bytes in lower-case hex, if already known. */
  readonly contentSha256?: string;
  /** Its name if it has no title; default: the file's name. */
  readonly name?: string;
  /** The part used as the query, in seconds of the recording. */
  readonly fromSec?: number | undefined;
  readonly toSec?: number | undefined;
  /** Neighbours per chunk of the query. */
  readonly neighbours: number;
  readonly fusion: FusionName;
  /** Which part of the space decides; no effect on `votes`. Default: balanced. */
  readonly focus?: Focus | undefined;
  readonly resultsMax: number;
  /** Whether silence, applause and noise in the query are searched too. */
  readonly includeNonMusic: boolean;
  /** Whether to correct hubs, if the generation has hubness and the fusion supports it. Default: no. */
  readonly hubCorrection?: boolean;
  /** Maximum number of results by one artist, so that an answer is not one album. Default: no limit. */
  readonly perArtistMax?: number | undefined;
  /** Tracks excluded together with their duplicates: the library track used as the query. */
  readonly excludedTracks?: ReadonlySet<number> | undefined;
  readonly signal: AbortSignal;
}

export const defaultFusion: FusionName = 'parts';

/** @param name as configured or typed; undefined: the default
 *  @throws {LeitmotifError} 'bad-request', listing the fusions */
export function fusionOf(name: string | undefined): FusionName {
  return name === undefined ? defaultFusion : oneOf('fusion', name, fusionNames);
}

/** @throws {LeitmotifError} 'bad-request', listing the choices */
export function focusOf(name: string | undefined): Focus {
  return name === undefined ? 'balanced' : oneOf('focus', name, focusNames);
}

function oneOf<T extends string>(noun: string, name: string, names: readonly T[]): T {
  const known = names.find((each) => each === name);
  if (known !== undefined) return known;
  throw new LeitmotifError('bad-request', `Cannot use the ${noun} "${name}": expected one of ${names.join(', ')}`);
}
