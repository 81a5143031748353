/** Correlation of two fingerprints along a line. Pure.
 *
 *  An item holds 16 measurements of two bits each: four levels, in Gray code, of how the energy of some pitch classes changes.
 *  A telephone, a small loudspeaker or an equaliser shifts a measurement's levels for the whole recording, so half of the
 *  bits may be wrong; but the levels still rise and fall when the recording's do. So each measurement is correlated over time,
 *  which a shift does not change. Unrelated music, and another performance, rise and fall at other moments.
 *
 *  @see https://oxygene.sk/2011/01/how-does-chromaprint-work/ for what the measurements are
 */
import { bitErrors, bitsPerItem, repeats } from './items.ts';
import type { Line } from './lines.ts';

const measurements = bitsPerItem / 2;
/** Gray code to level. */
const levelOf = [0, 1, 3, 2] as const;
/** Added to the product of two deviations, so that measurements with little movement have little weight. */
const spreadFloor = 0.02;

/** Levels 0 to 3, shape [items, 16]. */
export function levelsOf(items: Uint32Array): Float32Array {
  const levels = new Float32Array(items.length * measurements);
  for (let item = 0; item < items.length; item++) {
    const word = items[item] ?? 0;
    for (let one = 0; one < measurements; one++) {
      levels[item * measurements + one] = levelOf[((word >>> (2 * one)) & 3) as 0 | 1 | 2 | 3];
    }
  }
  return levels;
}

export interface Leveled {
  readonly items: Uint32Array;
  readonly levels: Float32Array;
}

export interface LevelAgreement {
  /** Mean over the measurements, [-1, 1]. */
  readonly correlation: number;
  /** Items of the overlap that were compared: silence and held notes repeat one item in both, and are not evidence. */
  readonly informativeItems: number;
  readonly bitErrorRate: number;
}

/** @returns null if nothing can be compared */
export function agreementAlong(query: Leveled, track: Leveled, { at, rate }: Line): LevelAgreement | null {
  const [q, t, qq, tt, qt] = [sums(), sums(), sums(), sums(), sums()];
  let count = 0;
  let errors = 0;
  for (let item = 0; item < query.items.length; item++) {
    const under = Math.round(at + rate * item);
    if (under < 0 || under >= track.items.length) continue;
    if (repeats(query.items, item) || repeats(track.items, under)) continue;
    count++;
    errors += bitErrors(query.items, track.items, item, under - item);
    const [mine, theirs] = [item * measurements, under * measurements];
    for (let one = 0; one < measurements; one++) {
      const a = query.levels[mine + one] as number;
      const b = track.levels[theirs + one] as number;
      q[one] = (q[one] as number) + a;
      t[one] = (t[one] as number) + b;
      qq[one] = (qq[one] as number) + a * a;
      tt[one] = (tt[one] as number) + b * b;
      qt[one] = (qt[one] as number) + a * b;
    }
  }
  if (count === 0) return null;
  let sum = 0;
  for (let one = 0; one < measurements; one++) {
    const [meanQ, meanT] = [(q[one] as number) / count, (t[one] as number) / count];
    const spreads =
      Math.sqrt(Math.max(0, (qq[one] as number) / count - meanQ * meanQ)) *
      Math.sqrt(Math.max(0, (tt[one] as number) / count - meanT * meanT));
    sum += ((qt[one] as number) / count - meanQ * meanT) / (spreads + spreadFloor);
  }
  return { correlation: sum / measurements, informativeItems: count, bitErrorRate: errors / (count * bitsPerItem) };
}

function sums(): Float64Array {
  return new Float64Array(measurements);
}
