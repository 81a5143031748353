/** Turns one query's hits into ranked tracks with their evidence. Pure.
 *
 *  The scores are in fusion-scores.ts; this file has what they share: a tail votes once, and tracks are grouped, sorted
 *  and given their evidence.
 */
import type { ChunkSpan, FusionName, Hit, RankedTrack } from '../domain.ts';
import { longestAlignedRun } from './alignment.ts';
import { type Ballot, fusionScores, type TrackBallot } from './fusion-scores.ts';
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
export function fuse(name: FusionName, input: FusionInput): RankedTrack[] {
  assertInput(input);
  const { scoredSimilarityOf } = input;
  const originals = new Map<Hit, Hit>();
  const weighed = scoredSimilarityOf
    ? input.hits.map((hit) => withSimilarity(hit, scoredSimilarityOf(hit), originals))
    : input.hits;
  const ballot = collectBallot({ ...input, hits: weighed });
  const scores = fusionScores[name](ballot);
  const original = (hit: Hit): Hit => originals.get(hit) ?? hit;
  return ballot.tracks
    .map((track, position) => rank(track, track.hits.map(original).sort(byEvidence), scores[position] ?? 0))
    .sort((a, b) => b.score - a.score || a.trackId - b.trackId);
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
  const places = placesOf(tracks.flatMap(({ bestByChunk }) => bestByChunk));
  return { tracks, voters: countVoters(queryChunks), hits: kept.length, background, places };
}

/** @param bests each track's best hit of each query chunk */
function placesOf(bests: readonly Hit[]): Map<Hit, number> {
  const byChunk = Map.groupBy([...bests].sort(byEvidence), ({ queryChunk }) => queryChunk);
  return new Map([...byChunk.values()].flatMap((found) => found.map((hit, at) => [hit, at + 1] as const)));
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

function rank({ trackId, bestByChunk }: TrackBallot, hits: readonly Hit[], score: number): RankedTrack {
  const totalSimilarity = hits.reduce((sum, { similarity }) => sum + similarity, 0);
  return {
    trackId,
    score,
    votes: hits.length,
    totalSimilarity,
    agreeingChunks: bestByChunk.length,
    longestRunSec: longestAlignedRun(hits).coveredSec,
    bestDistance: hits.reduce((best, { distance }) => Math.min(best, distance), 2),
    meanDistance: hits.reduce((sum, { distance }) => sum + distance, 0) / hits.length,
    hits,
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
