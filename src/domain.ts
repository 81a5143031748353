/** The project's vocabulary. Other files use these terms and no synonyms.
 *
 *  recording   a sound file
 *  track       a recording in the library's catalog
 *  query       a recording used to search the library
 *  chunk       a window of a recording, the unit that is embedded, searched and shown
 *  embedding   the vector of a chunk: unit length, so that inner product = cosine similarity
 *  space       everything that makes two vectors comparable, named by a space id
 *  neighbour   one library chunk that the index returns for one query chunk
 *  hit         a neighbour with query time and track time: the evidence
 *  generation  one immutable build of the index
 *
 *  Times are seconds from the start of the recording; loudness is dBFS. This file imports nothing.
 */

/** The kind of a chunk. Only `music` votes and is voted for. `noise` is everything else: speech, crowds, steady noise. */
export type ChunkKind = 'music' | 'silence' | 'applause' | 'noise';

/** A chunk's position in its recording. */
export interface ChunkSpan {
  /** Position in the recording's sequence of chunks, from 0, without gaps. */
  readonly index: number;
  readonly startSec: number;
  readonly endSec: number;
  /** Seconds at the chunk's start that the previous chunk also covers: 0 except for the tail, the last full window, which
   *  reaches back. A tail and its neighbour count as one voter. */
  readonly overlapSec: number;
}

/** A chunk as returned by the worker and stored in the catalog. */
export interface Chunk extends ChunkSpan {
  readonly kind: ChunkKind;
  /** Integrated level of the window, RMS, in dBFS: 0 is a full-scale square wave, silence is -120. */
  readonly loudnessDb: number;
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
}

/** Tags from the recording's container. Unknown is null, never an empty string. */
export interface RecordingTags {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
}

/** The audio stream that was used of a file with several. */
export interface AudioStreamChoice {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/** An embedded recording: its chunks and its acoustic fingerprint. */
export interface EmbeddedRecording {
  readonly spaceId: string;
  readonly durationSec: number;
  readonly tags: RecordingTags;
  /** Undefined for a file with one audio stream. */
  readonly audioStream?: AudioStreamChoice | undefined;
  readonly chunks: readonly Chunk[];
  readonly fingerprint: Fingerprint;
}

/** An acoustic fingerprint: 32 bits per `itemSec` seconds. It identifies a recording; it does not measure similarity. */
export interface Fingerprint {
  /** Shape [items], in time order; empty if the recording is too short. */
  readonly items: Uint32Array;
  /** Seconds from one item to the next. */
  readonly itemSec: number;
}

/** The fingerprint of a recording that was slowed down or sped up before it was taken. */
export interface SpeedFingerprint extends Fingerprint {
  /** The speed that was undone: 1.02 if the query is assumed to play 2 % faster than the original. */
  readonly speed: number;
}

/** Fingerprints of a part of a query at other speeds. */
export interface SpeedFingerprints {
  readonly atSpeeds: readonly SpeedFingerprint[];
  /** Whether all its sound is between 300 and 3,400 Hz. */
  readonly isTelephoneBand: boolean;
}

export type TrackStatus = 'indexed' | 'failed' | 'removed';

export interface Track extends RecordingTags {
  readonly id: number;
  /** The path relative to the library's root, with forward slashes. Unique. */
  readonly key: string;
  readonly durationSec: number;
  readonly status: TrackStatus;
}

/** An index row without its vector. */
export interface IndexedChunk {
  readonly trackId: number;
  readonly startSec: number;
  readonly endSec: number;
  readonly overlapSec: number;
}

/** One library chunk found for one query chunk, with both times.
 *  Terms for `distance`, from the original system: 0 identical, < 0.2 very similar, > 0.5 less similar. */
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
  /** The share of the library's spread that is less near, [0, 1]. Undefined where {@link RankedTrack.match} is. */
  readonly match?: number | undefined;
}

/** One track of an answer, with its evidence. */
export interface RankedTrack {
  readonly trackId: number;
  /** The fusion's score. Higher is better; the scale depends on the fusion. Outputs and stored answers call it `combined`. */
  readonly score: number;
  /** What each part of the space added to the score. Undefined in spaces of one part, for `votes`, and in answers stored by
   *  older versions. */
  readonly scoreOfParts?: { readonly sound: number; readonly harmony: number } | undefined;
  /** How near the track is to the query compared with how near the library's tracks are to each other, [0, 1]: the share of
   *  them that are less near. Undefined in libraries of one track, and in answers stored by older versions.
   *  @see ranking/spread.ts */
  readonly match?: number | undefined;
  /** The same by each part of the space; undefined in spaces of one part. */
  readonly matchOfParts?: { readonly sound: number; readonly harmony: number } | undefined;
  /** Number of (query chunk, neighbour) hits. */
  readonly votes: number;
  /** Sum of the hits' similarities. */
  readonly totalSimilarity: number;
  /** Number of distinct query chunks with a hit, a tail and its neighbour counted once. */
  readonly agreeingChunks: number;
  /** Whether its longest run is longer than chance explains. Undefined for a single chunk, and in answers stored by older
   *  versions. @see isRunImprobable */
  readonly inStep?: boolean | undefined;
  /** Longest run of hits that agree in time: query time minus track time constant within one chunk. Seconds of query. */
  readonly longestRunSec: number;
  readonly bestDistance: number;
  readonly meanDistance: number;
  /** Best hit first; ties by query time, then track time. */
  readonly hits: readonly Hit[];
}

/** The verdict of an answer. */
export type Verdict =
  | {
      readonly kind: 'this-is';
      readonly trackId: number;
      /** Start of the query in the track, in seconds. Negative if the query starts before the track. */
      readonly offsetSec: number;
      /** Share of fingerprint bits that differ at that offset, 0 to 1: 0 equal, 0.5 unrelated. */
      readonly bitErrorRate: number;
      /** How fast the query plays the track: 1.02 is 2 % faster. Undefined at the track's own speed, and in older answers. */
      readonly speed?: number;
    }
  /** The best results are probably right. */
  | { readonly kind: 'sounds-like' }
  /** There is nothing nearer, but the results are probably by chance. */
  | { readonly kind: 'nearest' }
  /** The library holds nothing like the query. */
  | { readonly kind: 'nothing-close' };

/** The methods that turn hits into a ranking: `parts` adds up the scores of the parts of the space (ranking/rank-by-parts.ts);
 *  `votes` is the original system's formula over the whole vector. */
export const fusionNames = ['parts', 'votes'] as const;
export type FusionName = (typeof fusionNames)[number];

/** Which parts of the space decide. Only spaces with several parts have a choice. */
export const focusNames = ['balanced', 'sound', 'harmony'] as const;
export type Focus = (typeof focusNames)[number];
