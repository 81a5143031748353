/** A way from one track to another by small steps. Pure.
 *
 *  Each step is a track that is near to both ends, and the way goes from those that are nearer to the start to those that are nearer
 *  to the end. No graph of the library is needed: two rankings are enough, and equal rankings give the same way.
 */

/** How near a track is to both ends: the match to each, [0, 1]. */
export interface Between {
  readonly trackId: number;
  readonly toStart: number;
  readonly toEnd: number;
}

/** @param candidates without the ends, each track once
 *  @param count most steps between the ends
 *  @returns track ids in the order of the way; ties by track id
 *  @throws {RangeError} on a negative count */
export function stepsBetween(candidates: readonly Between[], count: number): number[] {
  if (!(count >= 0)) throw new RangeError(`Cannot find a way: expected 0 steps or more, got ${count}`);
  // The geometric mean is 0 for what has nothing of one end, and rewards what has both.
  const nearness = ({ toStart, toEnd }: Between): number => Math.sqrt(Math.max(0, toStart) * Math.max(0, toEnd));
  const chosen = candidates
    .map((track) => ({ track, nearness: nearness(track) }))
    .filter((each) => each.nearness > 0)
    .sort((a, b) => b.nearness - a.nearness || a.track.trackId - b.track.trackId)
    .slice(0, Math.floor(count))
    .map(({ track }) => track);
  const lean = ({ toStart, toEnd }: Between): number => toEnd - toStart;
  return chosen.sort((a, b) => lean(a) - lean(b) || a.trackId - b.trackId).map(({ trackId }) => trackId);
}
