/** From hits to ranked tracks: one query's neighbours in, the answer's tracks with their evidence out. Pure.
 *
 *  The scores themselves are in fusion-scores.ts, each a few lines; here is what all of them share: a tail votes once,
 *  tracks are grouped, sorted and given their evidence.
 */
import type { ChunkSpan, FusionName, Hit, RankedTrack } from '../domain.ts';
import { longestAlignedRun } from './alignment.ts';
import { type Ballot, fusionScores, type TrackBallot } from './fusion-scores.ts';
import { countVoters, dropTailDoubleVotes } from './tail-votes.ts';

/** How many voting chunks the library holds: long pieces own more and meet more of them by chance. */
export interface LibrarySize {
  readonly chunks: number;
  readonly chunksOf: (trackId: number) => number;
}

export interface FusionInput {
  /** Every (query chunk, library chunk) neighbour, in any order; similarity in [-1, 1]. */
  readonly hits: readonly Hit[];
  /** What the scores take for a hit's similarity, where that is not what it counts for: hubs corrected. The evidence that
   *  comes back is the hits' own. Raised to -1 where it is less. */
  readonly worthOf?: (hit: Hit) => number;
  /** The query's voting chunks, with hits or without. */
  readonly queryChunks: readonly ChunkSpan[];
  readonly library: LibrarySize;
}

/** Ranks the tracks that have a hit.
 *
 *  @returns best first; ties by trackId, so that equal input gives equal output. Evidence counts hits after a tail and
 *           its neighbour became one voter.
 *  @throws {RangeError} on a similarity outside [-1, 1], a time that is not finite, a query chunk nobody named, or a track without chunks
 */
export function fuse(name: FusionName, input: FusionInput): RankedTrack[] {
  assertInput(input);
  const { worthOf } = input;
  const originals = new Map<Hit, Hit>();
  const weighed = worthOf ? input.hits.map((hit) => withWorth(hit, worthOf(hit), originals)) : input.hits;
  const ballot = collectBallot({ ...input, hits: weighed });
  const scores = fusionScores[name](ballot);
  const original = (hit: Hit): Hit => originals.get(hit) ?? hit;
  return ballot.tracks
    .map((track, position) => rank(track, track.hits.map(original).sort(byEvidence), scores[position] ?? 0))
    .sort((a, b) => b.combined - a.combined || a.trackId - b.trackId);
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

/** Per query chunk the similarity of the last neighbour that the index returned: what any other chunk at most has. */
function worstSimilarities(hits: readonly Hit[]): Map<number, number> {
  const worst = new Map<number, number>();
  for (const { queryChunk, similarity } of hits) {
    worst.set(queryChunk, Math.min(worst.get(queryChunk) ?? 1, similarity));
  }
  return worst;
}

/** @param originals told where the hit came from */
function withWorth(hit: Hit, worth: number, originals: Map<Hit, Hit>): Hit {
  const similarity = Math.max(-1, Math.min(1, worth));
  const weighed = { ...hit, similarity, distance: 1 - similarity };
  originals.set(weighed, hit);
  return weighed;
}

function rank({ trackId, bestByChunk }: TrackBallot, hits: readonly Hit[], combined: number): RankedTrack {
  const totalSimilarity = hits.reduce((sum, { similarity }) => sum + similarity, 0);
  return {
    trackId,
    combined,
    votes: hits.length,
    totalSimilarity,
    agreeingChunks: bestByChunk.length,
    longestRunSec: longestAlignedRun(hits).coveredSec,
    bestDistance: hits.reduce((best, { distance }) => Math.min(best, distance), 2),
    meanDistance: hits.reduce((sum, { distance }) => sum + distance, 0) / hits.length,
    hits,
  };
}

/** Best hit first; ties by query time, then track time, then track. A total order, so sums do not depend on the input's. */
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
