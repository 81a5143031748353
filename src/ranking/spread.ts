/** The spread of a library (how near its tracks are to each other), and the match of a result relative to it.
 *
 *  The meaning of a distance depends on space and library: 0.5 is near in one and far in another. So a generation measures its
 *  own spread: for a sample of its chunks, the similarity to the nearest chunk of another track. The *match* of a similarity is
 *  the share of these that are lower: 0 when the library's tracks are all nearer to each other, 1 when none is.
 */
import type { RankedTrack } from '../domain.ts';
import type { FoundNeighbour, Neighbourhood } from './rank-by-parts.ts';

/** Measured by the whole vector and by each part. */
export interface Spread {
  readonly whole: SpreadCurve;
  readonly ofParts: SpreadCurve[];
}

/** Quantiles 0, 0.01, ... 1 of the similarities; ascending. */
export type SpreadCurve = number[];

/** Chunks in the sample; all if the library has fewer. A quantile in the middle is right to 0.025. */
export const spreadSample = { references: 400, seed: 2 };

/** A nearer chunk of another track has the same sound (a duplicate, a loop, a jingle), so it is excluded from the spread. */
export const sameSoundFrom = 0.97;

/** Stored in a generation's manifest, to identify how its spread was measured. */
export const spreadRecipeName = `nearest other track of ${spreadSample.references} seed ${spreadSample.seed}`;

const steps = 100;

/** @returns null without similarities */
export function spreadCurve(similarities: readonly number[]): SpreadCurve | null {
  if (similarities.length === 0) return null;
  const sorted = [...similarities].sort((a, b) => a - b);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const place = (step / steps) * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? 0;
    const above = sorted[Math.ceil(place)] ?? 0;
    // Rounded, so that the manifest is the same text on every machine.
    return Math.round((below + (above - below) * (place % 1)) * 1e6) / 1e6;
  });
}

/** The share of the curve below a similarity, [0, 1]; linear between quantiles. */
export function shareBelow(curve: SpreadCurve, similarity: number): number {
  const above = curve.findIndex((quantile) => quantile >= similarity);
  if (above === 0) return 0;
  if (above === -1) return 1;
  const low = curve[above - 1] ?? 0;
  const high = curve[above] ?? 0;
  return (above - 1 + (similarity - low) / (high - low)) / steps;
}

/** Adds each track's match: over the half of the query's chunks that the track matches best, the mean share of the library's
 *  spread that its nearest chunk exceeds. A chunk that did not find the track counts 0. Half, because music that resembles
 *  other music seldom does so throughout: over all chunks, a right answer that shares a third of a piece would read as a bad
 *  one; the order of right and wrong answers is the same either way (bench/QUALITY.md, "Match"). */
export function withMatches(ranked: readonly RankedTrack[], found: Neighbourhood, spread: Spread): RankedTrack[] {
  const byTrack = found.perChunk.map((own) => Map.groupBy(own, ({ chunk }) => chunk.trackId));
  const half = Math.max(1, Math.ceil(found.searched.length / 2));
  const matchBy = (trackId: number, curve: SpreadCurve, of: (one: FoundNeighbour) => number): number => {
    const shares = byTrack.map((own) =>
      Math.max(0, ...(own.get(trackId) ?? []).map((one) => shareBelow(curve, of(one)))),
    );
    return mean(shares.sort((a, b) => b - a).slice(0, half));
  };
  return ranked.map((track) => {
    const ofParts = spread.ofParts.map((curve, part) =>
      matchBy(track.trackId, curve, (one) => one.ofParts[part] ?? -1),
    );
    const nameOf = (name: string) => ofParts[found.parts.findIndex((part) => part.name === name)] ?? 0;
    return {
      ...track,
      hits: track.hits.map((hit) => ({ ...hit, match: shareBelow(spread.whole, hit.similarity) })),
      match: matchBy(track.trackId, spread.whole, ({ similarity }) => similarity),
      ...(found.parts.length > 1 ? { matchOfParts: { sound: nameOf('sound'), harmony: nameOf('harmony') } } : {}),
    };
  });
}

/** Closeness of the query to the library: the mean over its chunks of the share of the spread below the nearest chunk, [0, 1]. */
export function closenessIn({ perChunk }: Pick<Neighbourhood, 'perChunk'>, { whole }: Spread): number {
  return mean(perChunk.map(([nearest]) => (nearest ? shareBelow(whole, nearest.similarity) : 0)));
}

/** Sorted, because a sum in floating point depends on its order. */
function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return [...values].sort((a, b) => a - b).reduce((sum, value) => sum + value, 0) / values.length;
}
