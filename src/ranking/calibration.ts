/** The threshold between "sounds like" and "nothing close". Distances are comparable only within one space, so each space
 *  has its own threshold, printed by `node bench/quality.ts calibrate`.
 */
import type { RankedTrack } from '../domain.ts';

export interface Calibration {
  /** Minimum closeness for the verdict "sounds like". */
  readonly closeFrom: number;
  /** Share of queries with relatives in the library that get "nothing close". */
  readonly missRate: number;
  /** Share of queries unlike the whole library that get "sounds like". */
  readonly falseRate: number;
}

/** Mean similarity of each query chunk's nearest neighbour, [-1, 1]; -1 if nothing was found. Of a dozen candidate
 *  measures, this one and close variants separated foreign queries from related ones best in both halves of the benchmark.
 *  The fusions' scores separate the best track from the others, but not near from far.
 *
 *  @param ranked the complete ranking of any fusion */
export function closenessOf(ranked: readonly RankedTrack[]): number {
  const nearest = new Map<number, number>();
  for (const { hits } of ranked) {
    for (const { queryChunk, similarity } of hits) {
      nearest.set(queryChunk, Math.max(nearest.get(queryChunk) ?? -1, similarity));
    }
  }
  if (nearest.size === 0) return -1;
  // Sorted, because a floating-point sum depends on its order, and fusions order tracks differently.
  const sorted = [...nearest.values()].sort((a, b) => a - b);
  return sorted.reduce((sum, similarity) => sum + similarity, 0) / sorted.length;
}

/** By model name. Source: `node bench/quality.ts calibrate` on the development half; falseRate: game soundtracks searched in a
 *  library of quartets. For its limits see bench/QUALITY.md, "Nothing close". */
const calibrations: Readonly<Record<string, Calibration>> = {
  builtin: { closeFrom: 0.305, missRate: 0.05, falseRate: 0.173 },
  descriptor: { closeFrom: 0.324, missRate: 0.05, falseRate: 0.152 },
};

/** @param spaceId starts with the model's name and `@`
 *  @returns null if that model was not calibrated */
export function calibrationOf(spaceId: string): Calibration | null {
  return calibrations[spaceId.split('@')[0] ?? ''] ?? null;
}
