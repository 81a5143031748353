/** The fusions: each turns one query's ballot into one score per track; higher is better. Pure. */
import { type FusionName, fusionNames, type Hit } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

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
  /** A track's best hit of a query chunk -> its rank among the tracks that this chunk found, from 1. */
  readonly places: ReadonlyMap<Hit, number>;
}

type Score = (ballot: Ballot) => number[];

export const fusionScores = {
  /** The original system's fusion: every neighbour votes. */
  votes: ({ tracks }) => votesAndSums(tracks.map(({ hits }) => tally(hits))),
  /** The original formula with one vote per query chunk and track. */
  'chunk-votes': ({ tracks }) => votesAndSums(tracks.map(({ bestByChunk }) => tally(bestByChunk))),
  /** Each query chunk's best similarity to the track, averaged over the query; a missing pair counts 0. */
  'best-pair': ({ tracks, voters }) => tracks.map(({ bestByChunk }) => tally(bestByChunk).totalSimilarity / voters),
  margin: ({ tracks, voters, background }) => tracks.map((track) => sumOfMargins(track, background) / voters),
  'reciprocal-rank': ({ tracks, voters, places }) => tracks.map((track) => sumOfPlaces(track, places) / voters),
  'chance-corrected': (ballot) => ballot.tracks.map((track) => votesAboveChance(track, ballot) / ballot.voters),
} as const satisfies Readonly<Record<FusionName, Score>>;

/** Measured in bench/QUALITY.md: equal to `votes` on soundtracks; for 100 half-minute excerpts it ranks another performance
 *  first in 96 cases, `votes` in 91 (difference .056 [.012, .111]). */
export const defaultFusion: FusionName = 'margin';

/** The default for a number of neighbours per chunk: `margin` compares a chunk's neighbours with each other, so it cannot
 *  work with one neighbour; the best of the other fusions is used instead. */
export function defaultFusionFor(neighbours: number): FusionName {
  return neighbours > 1 ? defaultFusion : 'best-pair';
}

/** `votes` is the published fusion and never corrects hubs. */
export function correctsHubs(name: FusionName): boolean {
  return name !== 'votes';
}

/** @param name as configured or typed; undefined: the default for this number of neighbours
 *  @throws {LeitmotifError} 'bad-request', listing the fusions */
export function fusionOf(name: string | undefined, neighbours: number): FusionName {
  if (name === undefined) return defaultFusionFor(neighbours);
  if ((fusionNames as readonly string[]).includes(name)) return name as FusionName;
  throw new LeitmotifError('bad-request', `Cannot use the fusion "${name}": expected one of ${fusionNames.join(', ')}`);
}

export interface VoteTally {
  readonly votes: number;
  readonly totalSimilarity: number;
}

function tally(hits: readonly Hit[]): VoteTally {
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

/** Sum over query chunks of the best pair's similarity minus that of the chunk's worst neighbour: a chunk that sounds like
 *  everything is weak evidence. A missing pair counts as the worst neighbour, which is its upper bound. */
function sumOfMargins({ bestByChunk }: TrackBallot, background: ReadonlyMap<number, number>): number {
  return bestByChunk.reduce((sum, hit) => sum + hit.similarity - (background.get(hit.queryChunk) ?? 0), 0);
}

/** Each query chunk gives its nearest track a vote of 1, the second 1/2, and so on; the closeness, [0, 1], breaks ties
 *  between equal ranks. Ranks do not depend on the distribution of similarities in a space.
 *  @see Cormack, Clarke, Büttcher (2009), Reciprocal Rank Fusion, here with k = 0: five neighbours need no damping */
function sumOfPlaces({ bestByChunk }: TrackBallot, places: ReadonlyMap<Hit, number>): number {
  return bestByChunk.reduce((sum, hit) => sum + (1 + hit.similarity) / 2 / (places.get(hit) ?? 1), 0);
}

/** Corrects for long tracks, which have more chunks: the number of query chunks that hit a track, minus the number expected
 *  for a track of its size if neighbours were drawn from the library at random. */
function votesAboveChance({ bestByChunk, shareOfLibrary }: TrackBallot, { voters, hits }: Ballot): number {
  const hitsPerVoter = hits / voters;
  const chanceOfOne = 1 - (1 - shareOfLibrary) ** hitsPerVoter;
  return bestByChunk.length - voters * chanceOfOne;
}
