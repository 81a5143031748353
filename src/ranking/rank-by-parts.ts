/** Ranks the library's tracks by the sum of the scores of each part of the space. Pure.
 *
 *    sound     share of the query's chunks that hit the track, above chance, plus 1.5 x the similarity of the average sounds
 *    harmony   20 x mean margin over the chunk's worst neighbour (10 x if the average sounds are not known)
 *    whole     mean margin over the chunk's worst neighbour (spaces of one part)
 *
 *  The parts need different scores because they carry different evidence. In sound, chunks of unrelated tracks are almost as
 *  near as those of one soundtrack, so only many chunks together separate them, and each counts once. The average sound
 *  (average-sound.ts) compares all chunks. In harmony, another performance of the piece is much nearer than everything else, so
 *  the margin is the evidence. Ten turns a margin of a tenth into one vote. Other performances do not have the same average
 *  sound, so harmony counts twice as much where averages are added. Measured in bench/QUALITY.md, "Parts" and "Average sound".
 */
import type { ChunkSpan, Focus, Hit, IndexedChunk, RankedTrack } from '../domain.ts';
import { byScore, describeTrack, type FusionInput, fuse, type LibrarySize, scoreTracks } from './fusion.ts';
import { bestPair, margin, type Score, votes, votesAboveChance } from './fusion-scores.ts';
import { cslsScore } from './hubs.ts';
import type { PartName, SpacePart } from './space-parts.ts';
import { dropTailDoubleVotes } from './tail-votes.ts';

/** A library chunk that was found for one query chunk. */
export interface FoundNeighbour {
  /** In the index. */
  readonly row: number;
  readonly chunk: IndexedChunk;
  /** Cosine similarity of the whole vectors, [-1, 1]. */
  readonly similarity: number;
  /** Cosine similarity of each part. */
  readonly ofParts: readonly number[];
  /** Mean similarity to its nearest references in each part; undefined if the generation has none. @see hubs.ts */
  readonly hubness?: readonly number[] | undefined;
}

export interface Neighbourhood {
  /** The query's voting chunks. */
  readonly searched: readonly ChunkSpan[];
  /** Shape [searched][...]: best first by the whole similarity. Each holds at least the pool of every part: see
   *  {@link poolFactor}. */
  readonly perChunk: readonly (readonly FoundNeighbour[])[];
  readonly parts: readonly SpacePart[];
  readonly library: LibrarySize;
  /** Neighbours that vote, for each chunk and part. */
  readonly neighbours: number;
  /** Track id -> how similar its average sound is to the query's; undefined if it is not known. @see similaritiesOfAverages */
  readonly averageSound?: ReadonlyMap<number, number> | undefined;
}

interface PartScore {
  readonly score: Score;
  readonly weight: number;
  /** The share of a chunk's hubness that is subtracted from its similarity. @see cslsScore */
  readonly hubShare: number;
}

/** Votes depend only on the order of the chunks, and for that more than CSLS's half is better: .50 against .48 of whole
 *  soundtracks, over three draws of the references. */
const scores: Readonly<Record<PartName, PartScore>> = {
  whole: { score: margin, weight: 1, hubShare: 0.5 },
  sound: { score: votesAboveChance, weight: 1, hubShare: 0.75 },
  harmony: { score: margin, weight: 10, hubShare: 0.5 },
};
/** @see similaritiesOfAverages */
const averageWeight = 1.5;
const harmonyWeightWithAverages = 20;

/** With a single neighbour there is no margin. */
function scoreOf(part: PartName, neighbours: number): Score {
  return neighbours === 1 ? bestPair : scores[part].score;
}

export interface RankOptions {
  /** One part counts alone, if the space has it; default: all of them. */
  readonly focus?: Focus | undefined;
  readonly correctsHubs?: boolean;
}

/** @param options.correctsHubs chooses and scores neighbours by their corrected similarity, if their hubness is known
 *  @returns best first; ties by track id. The evidence is the hits of all parts that count, with their whole similarity. */
export function rankByParts(
  found: Neighbourhood,
  { focus = 'balanced', correctsHubs = false }: RankOptions = {},
): RankedTrack[] {
  const { searched, parts, neighbours, averageSound } = found;
  const totals = new Map<number, Map<PartName, number>>();
  const evidence = new Map<string, Hit>();
  for (const [at, { name }] of parts.entries()) {
    const { weight: usual, hubShare } = scores[name];
    const weight = name === 'harmony' && averageSound ? harmonyWeightWithAverages : usual;
    if (focus !== 'balanced' && name !== focus && parts.length > 1) continue;
    const chosen = chooseByPart(found, at, correctsHubs ? hubShare : 0);
    const similarities = new Map(chosen.map(({ hit, scored }) => [hit, scored]));
    const input = { ...inputOf(found), hits: [...similarities.keys()] };
    const scored = scoreTracks(scoreOf(name, neighbours), {
      ...input,
      scoredSimilarityOf: (hit) => similarities.get(hit) ?? -1,
    });
    for (const [trackId, score] of scored) {
      const own = totals.get(trackId) ?? new Map();
      totals.set(trackId, own.set(name, score * weight));
    }
    for (const { hit, row } of chosen) evidence.set(`${hit.queryChunk}:${row}`, hit);
  }
  if (averageSound && focus !== 'harmony') {
    for (const [trackId, own] of totals) {
      own.set('sound', (own.get('sound') ?? 0) + averageWeight * (averageSound.get(trackId) ?? 0));
    }
  }
  const hits = Map.groupBy(dropTailDoubleVotes([...evidence.values()], searched), ({ trackId }) => trackId);
  return [...totals]
    .map(([trackId, own]) => ({
      ...describeTrack(
        trackId,
        hits.get(trackId) ?? [],
        [...own.values()].reduce((sum, score) => sum + score, 0),
      ),
      ...(parts.length > 1 ? { scoreOfParts: { sound: own.get('sound') ?? 0, harmony: own.get('harmony') ?? 0 } } : {}),
    }))
    .sort(byScore);
}

/** The neighbours of each query chunk that vote in one part, with the similarity that counts there. */
function chooseByPart(
  { searched, perChunk, neighbours }: Neighbourhood,
  part: number,
  hubShare: number,
): { readonly hit: Hit; readonly row: number; readonly scored: number }[] {
  const isMeasured = perChunk.every((found) => found.every(({ hubness }) => hubness !== undefined));
  const scoredOf = ({ ofParts, hubness }: FoundNeighbour): number => {
    const similarity = ofParts[part] ?? -1;
    return isMeasured ? cslsScore(similarity, hubness?.[part] ?? 0, hubShare) : similarity;
  };
  return searched.flatMap((chunk, at) =>
    [...(perChunk[at] ?? [])]
      .map((found) => ({ found, scored: scoredOf(found) }))
      .sort((a, b) => b.scored - a.scored || a.found.row - b.found.row)
      .slice(0, neighbours)
      .map(({ found, scored }) => ({ hit: toHit(chunk, found), row: found.row, scored })),
  );
}

/** The original system's ranking: the nearest chunks by the whole vector vote. */
export function rankByVotes(found: Neighbourhood): RankedTrack[] {
  return fuse(votes, { ...inputOf(found), hits: nearestHits(found) });
}

/** Ranks by the nearest chunks of the whole vector, without hub correction.
 *  @param neighbours of each query chunk; default: those that vote */
export function rankByNearest(found: Neighbourhood, neighbours = found.neighbours): RankedTrack[] {
  return fuse(bestPair, { ...inputOf(found), hits: nearestHits(found, neighbours) });
}

function inputOf({ searched, library }: Neighbourhood): Omit<FusionInput, 'hits'> {
  return { queryChunks: searched, library };
}

function nearestHits({ searched, perChunk, neighbours }: Neighbourhood, max = neighbours): Hit[] {
  return searched.flatMap((chunk, at) => (perChunk[at] ?? []).slice(0, max).map((found) => toHit(chunk, found)));
}

/** Similarities above 1 by rounding become 1. */
function toHit(chunk: ChunkSpan, { chunk: found, similarity: cosine }: FoundNeighbour): Hit {
  const similarity = Math.min(Math.max(cosine, -1), 1);
  return {
    queryChunk: chunk.index,
    queryStartSec: chunk.startSec,
    trackId: found.trackId,
    trackStartSec: found.startSec,
    durationSec: Math.min(chunk.endSec - chunk.startSec, found.endSec - found.startSec),
    similarity,
    distance: 1 - similarity,
  };
}
