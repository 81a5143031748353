/** The answer to one query: what every way of showing it (terminal, JSON, picture, message) is made from. */
import type { AudioStreamChoice, Chunk, RankedTrack, Track, Verdict } from '../domain.ts';

/** A query chunk without its vector: where it lies, what it holds, how loud it is. */
export type QueryChunk = Omit<Chunk, 'vector'>;

export interface AnsweredQuery {
  /** What to call it: its own title, or its file's name. */
  readonly name: string;
  readonly durationSec: number;
  /** The part that was asked with; the whole recording when nobody said otherwise. Seconds of the recording. */
  readonly fromSec: number;
  readonly toSec: number;
  /** Left out for a file with one stream of sound. */
  readonly audioStream?: AudioStreamChoice;
  readonly chunks: readonly QueryChunk[];
}

export interface Result extends Omit<RankedTrack, 'trackId'> {
  readonly rank: number;
  readonly track: Track;
  /** The same recording under other names, best ranked first; left out where there is none, and in answers that were
   *  stored before there was such a thing. Each is a track of its own in the catalog. */
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

/** Every track that an answer shows, by whatever name. */
export function shownTrackIds({ results }: Answer): Set<number> {
  return new Set(results.flatMap(({ track, alsoAs = [] }) => [track.id, ...alsoAs.map(({ id }) => id)]));
}

export function musicChunks(query: AnsweredQuery): QueryChunk[] {
  return query.chunks.filter((chunk) => chunk.kind === 'music');
}
