/** All fusions that were compared, over the hits of whole vectors. The product has `votes` and those of rank-by-parts.ts. */
import type { Hit } from '../../src/domain.ts';
import {
  type Ballot,
  bestPair,
  margin,
  type Score,
  tally,
  votes,
  votesAboveChance,
  votesAndSums,
} from '../../src/ranking/fusion-scores.ts';

export const fusions = {
  votes,
  /** The original formula with one vote per query chunk and track. */
  'chunk-votes': ({ tracks }) => votesAndSums(tracks.map(({ bestByChunk }) => tally(bestByChunk))),
  'best-pair': bestPair,
  margin,
  /** Each query chunk gives its nearest track a vote of 1, the second 1/2, and so on; the closeness, [0, 1], breaks ties
   *  between equal ranks. Ranks do not depend on the distribution of similarities in a space.
   *  @see Cormack, Clarke, Büttcher (2009), Reciprocal Rank Fusion, here with k = 0: five neighbours need no damping */
  'reciprocal-rank': (ballot) => {
    const places = placesOf(ballot);
    return ballot.tracks.map(
      ({ bestByChunk }) =>
        bestByChunk.reduce((sum, hit) => sum + (1 + hit.similarity) / 2 / (places.get(hit) ?? 1), 0) / ballot.voters,
    );
  },
  'chance-corrected': votesAboveChance,
} as const satisfies Readonly<Record<string, Score>>;

export type BenchFusionName = keyof typeof fusions;
export const benchFusionNames = Object.keys(fusions) as BenchFusionName[];

/** Fusions of the whole vector, for tables that compare spaces. */
export const usualFusion: BenchFusionName = 'margin';

/** A track's best hit of a query chunk -> its rank among the tracks that this chunk found, from 1. */
function placesOf({ tracks }: Ballot): Map<Hit, number> {
  const bests = tracks.flatMap(({ bestByChunk }) => bestByChunk);
  const sorted = bests.sort(
    (a, b) => b.similarity - a.similarity || a.trackStartSec - b.trackStartSec || a.trackId - b.trackId,
  );
  const byChunk = Map.groupBy(sorted, ({ queryChunk }) => queryChunk);
  return new Map([...byChunk.values()].flatMap((found) => found.map((hit, at) => [hit, at + 1] as const)));
}
