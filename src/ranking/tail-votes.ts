/** A tail chunk reaches back over its neighbour, so both hold mostly the same sound: they are one voter. Pure. */
import type { ChunkSpan, Hit } from '../domain.ts';

/** Spans that share less are neighbours that touch, up to the rounding of decimal seconds. */
const touchSec = 1e-3;

/** Drops the hits by which a tail would count twice, on both sides.
 *
 *  Query side: where the query's tail and the chunk before it both hit a track, the one with the better best hit speaks
 *  for both (equal: the earlier). Library side: where one query chunk hits a track's tail and the chunk before it, the better hit
 *  stays (equal: the earlier in the track). A track that had a hit keeps one.
 *
 *  @param hits        in any order; the order of those that stay is kept
 *  @param queryChunks the query's voting chunks; a tail whose neighbour does not vote has nothing to share
 */
export function dropTailDoubleVotes(hits: readonly Hit[], queryChunks: readonly ChunkSpan[]): Hit[] {
  return dropLibraryTails(dropQueryTails(hits, tailPartners(queryChunks)));
}

/** How many voices the query has: its chunks, a tail and its neighbour counted once. */
export function countVoters(queryChunks: readonly ChunkSpan[]): number {
  return queryChunks.length - tailPartners(queryChunks).size;
}

/** Tail's index -> the index of the chunk before it, where both vote. */
function tailPartners(queryChunks: readonly ChunkSpan[]): Map<number, number> {
  const indices = new Set(queryChunks.map(({ index }) => index));
  const tails = queryChunks.filter(({ index, overlapSec }) => overlapSec > 0 && indices.has(index - 1));
  return new Map(tails.map(({ index }) => [index, index - 1]));
}

function dropQueryTails(hits: readonly Hit[], partners: ReadonlyMap<number, number>): readonly Hit[] {
  if (partners.size === 0) return hits;
  const best = new Map<string, number>();
  for (const hit of hits) {
    const voice = `${hit.trackId}:${hit.queryChunk}`;
    best.set(voice, Math.max(best.get(voice) ?? Number.NEGATIVE_INFINITY, hit.similarity));
  }
  const bestOf = (trackId: number, chunk: number): number =>
    best.get(`${trackId}:${chunk}`) ?? Number.NEGATIVE_INFINITY;
  const silenced = new Set<string>();
  for (const { trackId } of hits) {
    for (const [tail, before] of partners) {
      const tailSpeaks = bestOf(trackId, tail) > bestOf(trackId, before);
      silenced.add(`${trackId}:${tailSpeaks ? before : tail}`);
    }
  }
  return hits.filter((hit) => !silenced.has(`${hit.trackId}:${hit.queryChunk}`));
}

function dropLibraryTails(hits: readonly Hit[]): Hit[] {
  const byVoice = new Map<string, Hit[]>();
  for (const hit of hits) {
    const voice = `${hit.trackId}:${hit.queryChunk}`;
    const own = byVoice.get(voice);
    if (own) own.push(hit);
    else byVoice.set(voice, [hit]);
  }
  const dropped = new Set<Hit>();
  for (const own of byVoice.values()) {
    // Only a tail overlaps the chunk before it (hop = window), so a pair is all that can meet here.
    own.sort((a, b) => a.trackStartSec - b.trackStartSec);
    const tail = own.at(-1);
    const before = own.at(-2);
    if (!tail || !before || before.trackStartSec + before.durationSec - tail.trackStartSec <= touchSec) continue;
    dropped.add(tail.similarity > before.similarity ? before : tail);
  }
  return hits.filter((hit) => !dropped.has(hit));
}
