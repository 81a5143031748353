/** The words of the project. Every other file uses these and adds none of its own for the same thing.
 *
 *  recording   a sound file, as somebody recorded it
 *  track       a recording that the library knows
 *  query       a recording that somebody asks with
 *  chunk       a window of a recording, the unit that is embedded, searched and shown
 *  embedding   the vector of a chunk: unit length, so that inner product = cosine similarity
 *  space       everything that makes two vectors comparable, named by a space id
 *  neighbour   one library chunk that the index returns for one query chunk
 *  hit         a neighbour with both of its times: the evidence
 *  generation  one immutable build of the index
 *
 *  Times are seconds from the beginning of the recording; loudness is dBFS. This file imports nothing.
 */

/** What a chunk holds. Only `music` votes and is voted for. `noise` is what is not music and not applause: speech, crowds,
 *  steady noise. */
export type ChunkKind = 'music' | 'silence' | 'applause' | 'noise';

/** Where a chunk lies in its recording. */
export interface ChunkSpan {
  /** Position in the recording's sequence of chunks, from 0, without gaps. */
  readonly index: number;
  readonly startSec: number;
  readonly endSec: number;
  /** Seconds at the chunk's start that the chunk before it also covers: 0, but for the tail, which is the last full
   *  window reaching back. A tail and its neighbour count as one voter. */
  readonly overlapSec: number;
}

/** A chunk as it leaves the worker and lies in the catalog. */
export interface Chunk extends ChunkSpan {
  readonly kind: ChunkKind;
  /** Integrated level of the window, RMS, in dBFS: 0 is a full-scale square wave, silence is -120. */
  readonly loudnessDb: number;
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
}

/** What a recording says about itself, from its container. Empty strings are never used for "unknown". */
export interface RecordingTags {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
}

/** Which of a file's streams of sound was listened to, where it has several. */
export interface AudioStreamChoice {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/** A recording in numbers: its chunks and its acoustic fingerprint. */
export interface EmbeddedRecording {
  readonly spaceId: string;
  readonly durationSec: number;
  readonly tags: RecordingTags;
  /** Left out for a file with one. */
  readonly audioStream?: AudioStreamChoice;
  readonly chunks: readonly Chunk[];
  readonly fingerprint: Fingerprint;
}

/** An acoustic fingerprint: 32 bits each `itemSec` seconds, made for "is it this very recording?" and nothing else. */
export interface Fingerprint {
  /** Shape [items], in time order; empty for a recording too short to have one. */
  readonly items: Uint32Array;
  /** Seconds from one item to the next. */
  readonly itemSec: number;
}

export type TrackStatus = 'indexed' | 'failed' | 'removed';

export interface Track extends RecordingTags {
  readonly id: number;
  /** The path below the library's root, with forward slashes. Unique. */
  readonly key: string;
  readonly durationSec: number;
  readonly status: TrackStatus;
}

/** What the index knows of one of its rows: enough to answer a query without the catalog. */
export interface IndexedChunk {
  readonly trackId: number;
  readonly startSec: number;
  readonly endSec: number;
  readonly overlapSec: number;
}

/** One library chunk found for one query chunk, with both times: a piece of evidence.
 *  Words for `distance`, from the original system: 0 identical, < 0.2 very similar, > 0.5 less similar. */
export interface Hit {
  /** The query chunk, by its index in the query. */
  readonly queryChunk: number;
  readonly queryStartSec: number;
  readonly trackId: number;
  readonly trackStartSec: number;
  readonly durationSec: number;
  /** Cosine similarity, [-1, 1]. */
  readonly similarity: number;
  /** Cosine distance, 1 - similarity, [0, 2]. */
  readonly distance: number;
}

/** One track of an answer, with its evidence. */
export interface RankedTrack {
  readonly trackId: number;
  /** The fusion's score. The best track of an answer has the highest; the scale is the fusion's own. */
  readonly combined: number;
  /** Number of (query chunk, neighbour) hits. */
  readonly votes: number;
  /** Sum of the hits' similarities. */
  readonly totalSimilarity: number;
  /** Number of distinct query chunks with a hit, a tail and its neighbour counted once. */
  readonly agreeingChunks: number;
  /** Longest run of hits that agree in time: query time minus track time constant within one chunk. Seconds of query. */
  readonly longestRunSec: number;
  readonly bestDistance: number;
  readonly meanDistance: number;
  /** Best hit first; ties by query time, then track time. */
  readonly hits: readonly Hit[];
}

/** The three answers, told apart. */
export type Verdict =
  | {
      readonly kind: 'this-is';
      readonly trackId: number;
      /** Where the beginning of what was asked with lies in the track, in seconds. Negative when it begins before the
       *  track does. */
      readonly offsetSec: number;
      /** Share of fingerprint bits that differ at that offset, 0 to 1: 0 equal, 0.5 unrelated. */
      readonly bitErrorRate: number;
    }
  | { readonly kind: 'sounds-like' }
  | { readonly kind: 'nothing-close' };

/** How hits become a ranking. `votes` is the original's. */
export const fusionNames = [
  'votes',
  'chunk-votes',
  'best-pair',
  'margin',
  'reciprocal-rank',
  'chance-corrected',
] as const;
export type FusionName = (typeof fusionNames)[number];
