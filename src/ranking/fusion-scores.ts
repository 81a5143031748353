/** The fusions: each turns one query's ballot into one score per track, higher = better. Pure. */
import { type FusionName, fusionNames, type Hit } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

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
  /** A track's best hit of a query chunk -> its place among the tracks that this chunk found, from 1. */
  readonly places: ReadonlyMap<Hit, number>;
}

type Score = (ballot: Ballot) => number[];

export const fusionScores = {
  /** The original's: every neighbour votes. */
  votes: ({ tracks }) => votesAndSums(tracks.map(({ hits }) => tally(hits))),
  /** The original's formula with one vote per query chunk per track. */
  'chunk-votes': ({ tracks }) => votesAndSums(tracks.map(({ bestByChunk }) => tally(bestByChunk))),
  /** Each query chunk's best similarity to the track, averaged over the query; a missing pair counts as 0. */
  'best-pair': ({ tracks, voters }) => tracks.map(({ bestByChunk }) => tally(bestByChunk).totalSimilarity / voters),
  margin: ({ tracks, voters, background }) => tracks.map((track) => sumOfMargins(track, background) / voters),
  'reciprocal-rank': ({ tracks, voters, places }) => tracks.map((track) => sumOfPlaces(track, places) / voters),
  'chance-corrected': (ballot) => ballot.tracks.map((track) => votesAboveChance(track, ballot) / ballot.voters),
} as const satisfies Readonly<Record<FusionName, Score>>;

/** Measured, see bench/QUALITY.md: level with `votes` on soundtracks, and of 100 half-minutes of a piece it puts another
 *  performance first in 96, `votes` in 91 (difference .056 [.012, .111]). */
export const defaultFusion: FusionName = 'margin';

/** The default for that many neighbours a chunk: `margin` compares a chunk's neighbours with each other, so with one it
 *  knows nothing, and the best of the others takes its place. */
export function defaultFusionFor(neighbours: number): FusionName {
  return neighbours > 1 ? defaultFusion : 'best-pair';
}

/** The original's fusion stays what was published: it knows no hubs. */
export function correctsHubs(name: FusionName): boolean {
  return name !== 'votes';
}

/** @param name as configured or typed; undefined: the default for that many neighbours
 *  @throws {LeitmotifError} 'bad-request' naming the fusions there are */
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

/** How far each query chunk's best pair lies above the worst neighbour that this chunk was given: a chunk that sounds
 *  like everything tells little. A missing pair counts as that worst neighbour, which is the most it can be. */
function sumOfMargins({ bestByChunk }: TrackBallot, background: ReadonlyMap<number, number>): number {
  return bestByChunk.reduce((sum, hit) => sum + hit.similarity - (background.get(hit.queryChunk) ?? 0), 0);
}

/** Each query chunk gives its nearest track a whole voice, the second half of one, and so on; the closeness, [0, 1],
 *  decides between tracks in equal places. Places do not depend on how a space spreads its similarities.
 *  @see Cormack, Clarke, Büttcher (2009), Reciprocal Rank Fusion, here with k = 0: five neighbours need no damping */
function sumOfPlaces({ bestByChunk }: TrackBallot, places: ReadonlyMap<Hit, number>): number {
  return bestByChunk.reduce((sum, hit) => sum + (1 + hit.similarity) / 2 / (places.get(hit) ?? 1), 0);
}

/** For long pieces, which own more chunks: the query chunks that hit a track, less those that would hit a track of its size if
 *  neighbours were drawn from the library at random. */
function votesAboveChance({ bestByChunk, shareOfLibrary }: TrackBallot, { voters, hits }: Ballot): number {
  const hitsPerVoter = hits / voters;
  const chanceOfOne = 1 - (1 - shareOfLibrary) ** hitsPerVoter;
  return bestByChunk.length - voters * chanceOfOne;
}
