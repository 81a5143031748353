/** The answer to one query. Terminal output, JSON, picture and message are made from it. */
import type { AudioStreamChoice, Chunk, RankedTrack, Track, Verdict } from '../domain.ts';

/** A query chunk without its vector: times, kind and loudness. */
export type QueryChunk = Omit<Chunk, 'vector'>;

/** A library track that the query was made of, one of several. */
export interface QueryTrack {
  readonly trackId: number;
  readonly name: string;
}

/** Where a plus track is on the query's time line, on which the plus tracks follow each other. */
export interface PlusTrack extends QueryTrack {
  readonly startSec: number;
  readonly durationSec: number;
}

export interface AnsweredQuery {
  /** The title, or the file's name. */
  readonly name: string;
  readonly durationSec: number;
  /** The part used as the query, in seconds of the recording; the whole recording by default. */
  readonly fromSec: number;
  readonly toSec: number;
  /** Undefined for a file with one audio stream. */
  readonly audioStream?: AudioStreamChoice;
  readonly chunks: readonly QueryChunk[];
  /** Of a query with several library tracks. */
  readonly tracks?: { readonly plus: readonly PlusTrack[]; readonly minus: readonly QueryTrack[] };
}

/** The plus track that is at a time of a query with several tracks, and the time in it.
 *  @returns null for any other query */
export function plusTrackAt(
  { tracks }: Pick<AnsweredQuery, 'tracks'>,
  querySec: number,
): { readonly track: PlusTrack; readonly atSec: number } | null {
  const track = tracks?.plus.findLast(({ startSec }) => startSec <= querySec) ?? tracks?.plus[0];
  return track ? { track, atSec: Math.max(0, querySec - track.startSec) } : null;
}

export interface Result extends Omit<RankedTrack, 'trackId'> {
  readonly rank: number;
  readonly track: Track;
  /** Duplicates of the recording, best ranked first. Undefined if there are none, and in answers stored by older
   *  versions. Each is a separate track in the catalog. */
  readonly alsoAs?: readonly Track[];
}

export interface Timings {
  readonly decode: number;
  readonly embed: number;
  readonly search: number;
  readonly fuse: number;
  readonly clips: number;
  readonly total: number;
}

export interface Answer {
  readonly query: AnsweredQuery;
  readonly spaceId: string;
  readonly generation: string;
  readonly fusion: string;
  readonly verdict: Verdict;
  /** Best first. */
  readonly results: readonly Result[];
  readonly timingsMs: Timings;
}

/** Ids of all tracks that an answer shows, duplicates included. */
export function shownTrackIds({ results }: Answer): Set<number> {
  return new Set(results.flatMap(({ track, alsoAs = [] }) => [track.id, ...alsoAs.map(({ id }) => id)]));
}

export function musicChunks(query: AnsweredQuery): QueryChunk[] {
  return query.chunks.filter((chunk) => chunk.kind === 'music');
}
