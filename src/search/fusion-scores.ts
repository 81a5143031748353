/** The fusions: each turns one query's ballot into one score per track, higher = better. Pure. */
import type { Hit } from '../domain.ts';

/** The hits of one track, a tail and its neighbour being one voter. */
export interface TrackBallot {
  readonly trackId: number;
  /** Best first. */
  readonly hits: readonly Hit[];
  /** The best hit of each query chunk that has one. */
  readonly bestByChunk: readonly Hit[];
  /** The track's share of the library's chunks, (0, 1]. */
  readonly shareOfLibrary: number;
}

/** All that one query brought. */
export interface Ballot {
  readonly tracks: readonly TrackBallot[];
  /** The query's voices: its music chunks, a tail and its neighbour counted once. */
  readonly voters: number;
  /** Hits of all tracks together. */
  readonly hits: number;
  /** Query chunk -> similarity of the worst neighbour that it was given. */
  readonly background: ReadonlyMap<number, number>;
}

type Score = (ballot: Ballot) => number[];

export const fusionScores = {
  votes: ({ tracks }) => votesAndSums(tracks.map(({ hits }) => tally(hits))),
  'chunk-votes': ({ tracks }) => votesAndSums(tracks.map(({ bestByChunk }) => tally(bestByChunk))),
  'best-pair': ({ tracks, voters }) => tracks.map(({ bestByChunk }) => tally(bestByChunk).totalSimilarity / voters),
  margin: ({ tracks, voters, background }) => tracks.map((track) => sumOfMargins(track, background) / voters),
  surprise: (ballot) => ballot.tracks.map((track) => surprise(track, ballot)),
} as const satisfies Record<string, Score>;

export type FusionName = keyof typeof fusionScores;

export const fusionNames = Object.keys(fusionScores) as readonly FusionName[];

export interface VoteTally {
  readonly votes: number;
  readonly totalSimilarity: number;
}

function tally(hits: readonly Hit[]): VoteTally {
  return { votes: hits.length, totalSimilarity: hits.reduce((sum, { similarity }) => sum + similarity, 0) };
}

/** The original's formula: 0.2 * votes / maxVotes + 0.8 * totalSimilarity / maxTotalSimilarity.
 *
 *  Where no track has a positive sum the second part is 0 for all.
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

function sumOfMargins({ bestByChunk }: TrackBallot, background: ReadonlyMap<number, number>): number {
  return bestByChunk.reduce((sum, hit) => sum + hit.similarity - (background.get(hit.queryChunk) ?? 0), 0);
}

function surprise({ bestByChunk, shareOfLibrary }: TrackBallot, { voters, hits }: Ballot): number {
  const perVoter = hits / voters;
  const chance = 1 - (1 - shareOfLibrary) ** perVoter;
  const expected = voters * chance;
  const votes = bestByChunk.length;
  return votes * Math.log(votes / expected) - (votes - expected);
}
