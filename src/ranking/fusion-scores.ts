/** The scores that rankings are made of: each turns one query's ballot into one number per track; higher is better. Pure. */
import type { Hit } from '../domain.ts';

/** The hits of one track; a tail and its neighbour are one voter. */
export interface TrackBallot {
  readonly trackId: number;
  /** Best first. */
  readonly hits: readonly Hit[];
  /** The best hit of each query chunk that has one. */
  readonly bestByChunk: readonly Hit[];
  /** The track's share of the library's chunks, (0, 1]. */
  readonly shareOfLibrary: number;
}

/** All hits of one query. */
export interface Ballot {
  readonly tracks: readonly TrackBallot[];
  /** Number of voting query chunks; a tail and its neighbour count once. */
  readonly voters: number;
  /** Number of hits of all tracks. */
  readonly hits: number;
  /** Query chunk -> similarity of its worst neighbour. */
  readonly background: ReadonlyMap<number, number>;
}

/** @returns one score for each of the ballot's tracks, in their order */
export type Score = (ballot: Ballot) => number[];

/** The original system's fusion: every neighbour votes. */
export const votes: Score = ({ tracks }) => votesAndSums(tracks.map(({ hits }) => tally(hits)));

/** Each query chunk's best similarity to the track, averaged over the query; a missing pair counts 0. */
export const bestPair: Score = ({ tracks, voters }) =>
  tracks.map(({ bestByChunk }) => tally(bestByChunk).totalSimilarity / voters);

/** The mean over the query's chunks of the best pair's similarity minus that of the chunk's worst neighbour: a chunk that
 *  sounds like everything is weak evidence. A missing pair counts as the worst neighbour, which is its upper bound. */
export const margin: Score = ({ tracks, voters, background }) =>
  tracks.map(
    ({ bestByChunk }) =>
      bestByChunk.reduce((sum, hit) => sum + hit.similarity - (background.get(hit.queryChunk) ?? 0), 0) / voters,
  );

/** Share of the query's chunks that hit the track, minus the share expected for a track of its size if neighbours were drawn
 *  from the library at random: long tracks have more chunks. */
export const votesAboveChance: Score = ({ tracks, voters, hits }) =>
  tracks.map(({ bestByChunk, shareOfLibrary }) => {
    const chanceOfOne = 1 - (1 - shareOfLibrary) ** (hits / voters);
    return bestByChunk.length / voters - chanceOfOne;
  });

export interface VoteTally {
  readonly votes: number;
  readonly totalSimilarity: number;
}

export function tally(hits: readonly Hit[]): VoteTally {
  return { votes: hits.length, totalSimilarity: hits.reduce((sum, { similarity }) => sum + similarity, 0) };
}

/** The original formula: 0.2 * votes / maxVotes + 0.8 * totalSimilarity / maxTotalSimilarity.
 *
 *  If no track has a positive sum, the second part is 0 for all tracks.
 *
 *  @throws {RangeError} on votes that are not positive integers or a sum that is not finite
 */
export function votesAndSums(tallies: readonly VoteTally[]): number[] {
  for (const { votes, totalSimilarity } of tallies) {
    if (!Number.isSafeInteger(votes) || votes < 1 || !Number.isFinite(totalSimilarity)) {
      throw new RangeError(`Cannot score: expected votes from 1 and a finite sum, got ${votes} and ${totalSimilarity}`);
    }
  }
  const votesMax = tallies.reduce((max, { votes }) => Math.max(max, votes), 1);
  const totalMax = tallies.reduce((max, { totalSimilarity }) => Math.max(max, totalSimilarity), 0);
  return tallies.map(
    ({ votes, totalSimilarity }) => 0.2 * (votes / votesMax) + (totalMax > 0 ? 0.8 * (totalSimilarity / totalMax) : 0),
  );
}
