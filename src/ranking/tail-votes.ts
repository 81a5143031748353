/** A tail chunk overlaps the chunk before it, so both hold mostly the same sound and count as one voter. Pure. */
import type { ChunkSpan, Hit } from '../domain.ts';

/** Spans with a smaller overlap only touch; the rest is rounding of decimal seconds. */
const touchSec = 1e-3;

/** Drops hits with which a tail would count twice, on the query's and on the library's side.
 *
 *  Query side: where the query's tail and the chunk before it both hit a track, the one with the better best hit
 *  votes for both (on ties, the earlier). Library side: where one query chunk hits a track's tail and the chunk before it, the better hit
 *  stays (on ties, the earlier in the track). A track that had a hit keeps one.
 *
 *  @param hits        in any order; the order of those that stay is kept
 *  @param queryChunks the query's voting chunks; a tail whose neighbour does not vote keeps its vote
 */
export function dropTailDoubleVotes(hits: readonly Hit[], queryChunks: readonly ChunkSpan[]): Hit[] {
  return dropLibraryTails(dropQueryTails(hits, tailPartners(queryChunks)));
}

/** Number of the query's voters: its chunks, a tail and its neighbour counted once. */
export function countVoters(queryChunks: readonly ChunkSpan[]): number {
  return queryChunks.length - tailPartners(queryChunks).size;
}

/** Index of a tail -> index of the chunk before it, if both vote. */
function tailPartners(queryChunks: readonly ChunkSpan[]): Map<number, number> {
  const indices = new Set(queryChunks.map(({ index }) => index));
  const tails = queryChunks.filter(({ index, overlapSec }) => overlapSec > 0 && indices.has(index - 1));
  return new Map(tails.map(({ index }) => [index, index - 1]));
}

function dropQueryTails(hits: readonly Hit[], partners: ReadonlyMap<number, number>): readonly Hit[] {
  if (partners.size === 0) return hits;
  const best = new Map<string, number>();
  for (const hit of hits) {
    const voter = `${hit.trackId}:${hit.queryChunk}`;
    best.set(voter, Math.max(best.get(voter) ?? Number.NEGATIVE_INFINITY, hit.similarity));
  }
  const bestOf = (trackId: number, chunk: number): number =>
    best.get(`${trackId}:${chunk}`) ?? Number.NEGATIVE_INFINITY;
  const silenced = new Set<string>();
  for (const { trackId } of hits) {
    for (const [tail, before] of partners) {
      const tailVotes = bestOf(trackId, tail) > bestOf(trackId, before);
      silenced.add(`${trackId}:${tailVotes ? before : tail}`);
    }
  }
  return hits.filter((hit) => !silenced.has(`${hit.trackId}:${hit.queryChunk}`));
}

function dropLibraryTails(hits: readonly Hit[]): Hit[] {
  const byVoter = new Map<string, Hit[]>();
  for (const hit of hits) {
    const voter = `${hit.trackId}:${hit.queryChunk}`;
    const own = byVoter.get(voter);
    if (own) own.push(hit);
    else byVoter.set(voter, [hit]);
  }
  const dropped = new Set<Hit>();
  for (const own of byVoter.values()) {
    // Only a tail overlaps the chunk before it (hop = window), so at most one pair exists here.
    own.sort((a, b) => a.trackStartSec - b.trackStartSec);
    const tail = own.at(-1);
    const before = own.at(-2);
    if (!tail || !before || before.trackStartSec + before.durationSec - tail.trackStartSec <= touchSec) continue;
    dropped.add(tail.similarity > before.similarity ? before : tail);
  }
  return hits.filter((hit) => !dropped.has(hit));
}
