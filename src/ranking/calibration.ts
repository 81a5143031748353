/** Where "sounds like" ends and "nothing close" begins. Distances mean something only within one space, so each has its own
 *  line, printed by `node bench/quality.ts calibrate`.
 */
import type { RankedTrack } from '../domain.ts';

export interface Calibration {
  /** The closeness from which the best piece sounds like the query. */
  readonly closeFrom: number;
  /** Share of queries whose kin are in the library that are told "nothing close". */
  readonly missRate: number;
  /** Share of queries of another kind than all of the library that are told "sounds like" all the same. */
  readonly falseRate: number;
}

/** How near a query's chunks find anything: the similarity of each chunk's nearest neighbour, averaged. [-1, 1]; -1 where
 *  nothing was found. Of a dozen candidates this and close relatives told foreign queries best from kin in both halves
 *  of the benchmark; the fusions' own scores tell the best piece from the others, not the near from the far.
 *
 *  @param ranked any fusion's answer, all of it */
export function closenessOf(ranked: readonly RankedTrack[]): number {
  const nearest = new Map<number, number>();
  for (const { hits } of ranked) {
    for (const { queryChunk, similarity } of hits) {
      nearest.set(queryChunk, Math.max(nearest.get(queryChunk) ?? -1, similarity));
    }
  }
  if (nearest.size === 0) return -1;
  // Sorted: a sum in floating point depends on its order, and the fusions order tracks differently.
  const sorted = [...nearest.values()].sort((a, b) => a - b);
  return sorted.reduce((sum, similarity) => sum + similarity, 0) / sorted.length;
}

/** By model name. Source: `node bench/quality.ts calibrate` on the development half; falseRate: game soundtracks asked against
 *  quartets only. What it cannot tell stands in bench/QUALITY.md, "Nothing close". */
const calibrations: Readonly<Record<string, Calibration>> = {
  builtin: { closeFrom: 0.305, missRate: 0.05, falseRate: 0.173 },
  descriptor: { closeFrom: 0.324, missRate: 0.05, falseRate: 0.152 },
};

/** @param spaceId the model's name stands before its `@`
 *  @returns null where nobody measured that model */
export function calibrationOf(spaceId: string): Calibration | null {
  return calibrations[spaceId.split('@')[0] ?? ''] ?? null;
}
