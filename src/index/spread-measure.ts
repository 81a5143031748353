/** Measures the spread of a new generation before it becomes current: see ranking/spread.ts. */
import { referenceRows } from '../ranking/hubs.ts';
import { type Spread, sameSoundFrom, spreadCurve, spreadSample } from '../ranking/spread.ts';
import type { Neighbour, VectorIndex } from './vector-index.ts';

/** A chunk's nearest chunks are mostly of its own track: more are requested for those that found no other. */
const neighboursFirst = 32;
const widenFactor = 8;
const roundsMax = 3;

/** Rows whose vectors `measureSpread` needs, ascending. */
export function spreadRows(rowCount: number): number[] {
  return referenceRows(rowCount, { neighbours: 1, ...spreadSample });
}

/** @param sample vectors of {@link spreadRows}
 *  @param trackIds the track of each row
 *  @returns null when no chunk has a neighbour of another track
 *  @throws {LeitmotifError} as VectorIndex.search */
export async function measureSpread(
  index: VectorIndex,
  sample: readonly Float32Array[],
  trackIds: Uint32Array,
  signal: AbortSignal,
): Promise<Spread | null> {
  const rows = spreadRows(index.rowCount);
  const nearest = index.parts.map((): number[] => []);
  const whole: number[] = [];
  let open = sample.map((vector, at) => ({ vector, trackId: trackIds[rows[at] ?? 0] ?? 0 }));
  for (let round = 0, k = neighboursFirst; open.length > 0 && round < roundsMax; round += 1, k *= widenFactor) {
    const found = await index.search(
      open.map(({ vector }) => vector),
      k,
      { signal },
    );
    open = open.filter(({ trackId }, at) => {
      const others = (found[at] ?? []).filter((one) => trackIds[one.row] !== trackId && one.similarity < sameSoundFrom);
      if (others.length === 0) return true;
      whole.push(best(others, ({ similarity }) => similarity));
      for (const [part, list] of nearest.entries()) list.push(best(others, ({ ofParts }) => ofParts[part] ?? -1));
      return false;
    });
  }
  const curve = spreadCurve(whole);
  return curve === null ? null : { whole: curve, ofParts: nearest.map((list) => spreadCurve(list) ?? curve) };
}

function best(found: readonly Neighbour[], similarityOf: (one: Neighbour) => number): number {
  return found.reduce((highest, one) => Math.max(highest, similarityOf(one)), -1);
}
