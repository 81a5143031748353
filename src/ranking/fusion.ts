/** Turns one query's hits into ranked tracks with their evidence. Pure.
 *
 *  The scores are in fusion-scores.ts; this file has what they share: a tail votes once, and tracks are grouped, sorted
 *  and given their evidence.
 */
import type { ChunkSpan, Hit, RankedTrack } from '../domain.ts';
import { longestAlignedRun } from './alignment.ts';
import type { Ballot, Score } from './fusion-scores.ts';
import { countVoters, dropTailDoubleVotes } from './tail-votes.ts';

/** Numbers of voting chunks, of the library and of each track: long tracks get more hits by chance. */
export interface LibrarySize {
  readonly chunks: number;
  readonly chunksOf: (trackId: number) => number;
}

export interface FusionInput {
  /** Every (query chunk, library chunk) neighbour, in any order; similarity in [-1, 1]. */
  readonly hits: readonly Hit[];
  /** The similarity that scores use for a hit, such as one corrected for hubs; undefined: the hit's own. The returned
   *  evidence always has the hit's own similarity. Values below -1 count as -1. */
  readonly scoredSimilarityOf?: (hit: Hit) => number;
  /** The query's voting chunks, including those without hits. */
  readonly queryChunks: readonly ChunkSpan[];
  readonly library: LibrarySize;
}

/** Ranks the tracks that have at least one hit.
 *
 *  @returns best first; ties by trackId, so that equal input gives equal output. Evidence counts a tail and its neighbour as one voter.
 *  @throws {RangeError} on a similarity outside [-1, 1], a time that is not finite, an unknown query chunk, or a track without chunks
 */
export function fuse(score: Score, input: FusionInput): RankedTrack[] {
  const { ballot, original } = weigh(input);
  const scores = score(ballot);
  return ballot.tracks
    .map(({ trackId, hits }, position) => describeTrack(trackId, hits.map(original), scores[position] ?? 0))
    .sort(byScore);
}

/** The score of each track that has at least one hit.
 *  @throws {RangeError} as {@link fuse} */
export function scoreTracks(score: Score, input: FusionInput): Map<number, number> {
  const { ballot } = weigh(input);
  const scores = score(ballot);
  return new Map(ballot.tracks.map(({ trackId }, position) => [trackId, scores[position] ?? 0]));
}

/** Best first; ties by track id. */
export function byScore(a: RankedTrack, b: RankedTrack): number {
  return b.score - a.score || a.trackId - b.trackId;
}

/** Applies `scoredSimilarityOf` and sorts the hits by track. `original` gives the hit that a weighed one was made from. */
function weigh(input: FusionInput): { ballot: Ballot; original: (hit: Hit) => Hit } {
  assertInput(input);
  const { scoredSimilarityOf } = input;
  const originals = new Map<Hit, Hit>();
  const hits = scoredSimilarityOf
    ? input.hits.map((hit) => withSimilarity(hit, scoredSimilarityOf(hit), originals))
    : input.hits;
  return { ballot: collectBallot({ ...input, hits }), original: (hit) => originals.get(hit) ?? hit };
}

function collectBallot({ hits, queryChunks, library }: FusionInput): Ballot {
  const background = worstSimilarities(hits);
  const kept = [...dropTailDoubleVotes(hits, queryChunks)].sort(byEvidence);
  const byTrack = Map.groupBy(kept, ({ trackId }) => trackId);
  const tracks = [...byTrack].map(([trackId, own]) => ({
    trackId,
    hits: own,
    bestByChunk: bestHits(own),
    shareOfLibrary: library.chunksOf(trackId) / library.chunks,
  }));
  return { tracks, voters: countVoters(queryChunks), hits: kept.length, background };
}

/** The first hit of each query chunk, hits being sorted best first. */
function bestHits(sorted: readonly Hit[]): Hit[] {
  const best = new Map<number, Hit>();
  for (const hit of sorted) {
    if (!best.has(hit.queryChunk)) best.set(hit.queryChunk, hit);
  }
  return [...best.values()];
}

/** Per query chunk, the similarity of its worst neighbour: an upper bound for all chunks that were not returned. */
function worstSimilarities(hits: readonly Hit[]): Map<number, number> {
  const worst = new Map<number, number>();
  for (const { queryChunk, similarity } of hits) {
    worst.set(queryChunk, Math.min(worst.get(queryChunk) ?? 1, similarity));
  }
  return worst;
}

/** @param originals gets an entry from the new hit to the given one */
function withSimilarity(hit: Hit, scored: number, originals: Map<Hit, Hit>): Hit {
  const similarity = Math.max(-1, Math.min(1, scored));
  const weighed = { ...hit, similarity, distance: 1 - similarity };
  originals.set(weighed, hit);
  return weighed;
}

/** @param hits of one track, in any order, a tail's double votes dropped */
export function describeTrack(trackId: number, hits: readonly Hit[], score: number): RankedTrack {
  const sorted = [...hits].sort(byEvidence);
  return {
    trackId,
    score,
    votes: sorted.length,
    totalSimilarity: sorted.reduce((sum, { similarity }) => sum + similarity, 0),
    agreeingChunks: new Set(sorted.map(({ queryChunk }) => queryChunk)).size,
    longestRunSec: longestAlignedRun(sorted).coveredSec,
    bestDistance: sorted.reduce((best, { distance }) => Math.min(best, distance), 2),
    meanDistance: sorted.reduce((sum, { distance }) => sum + distance, 0) / sorted.length,
    hits: sorted,
  };
}

/** Best hit first; ties by query time, then track time, then track. A total order, so that sums do not depend on the input's order. */
function byEvidence(a: Hit, b: Hit): number {
  return (
    b.similarity - a.similarity ||
    a.queryStartSec - b.queryStartSec ||
    a.trackStartSec - b.trackStartSec ||
    a.trackId - b.trackId
  );
}

function assertInput({ hits, queryChunks, library }: FusionInput): void {
  const known = new Set(queryChunks.map(({ index }) => index));
  for (const { similarity, queryChunk, trackId } of hits) {
    if (!(similarity >= -1 && similarity <= 1)) {
      throw new RangeError(`Cannot fuse hits: expected a similarity in [-1, 1], got ${similarity}`);
    }
    if (!known.has(queryChunk)) {
      throw new RangeError(`Cannot fuse hits: expected one of the query's chunks, got ${queryChunk}`);
    }
    const own = library.chunksOf(trackId);
    if (!(own >= 1 && own <= library.chunks)) {
      throw new RangeError(`Cannot fuse hits: expected 1 to ${library.chunks} chunks in track ${trackId}, got ${own}`);
    }
  }
}
