/** Finds candidate alignments of two fingerprints at different speeds. An alignment is a line: an offset and a rate. Pure.
 *
 *  The query is cut into blocks of four seconds. Within one, a difference in speed of 4 % moves the ends by half an item, so one
 *  table of each block's errors at every offset serves all speeds: a speed only shifts the blocks relative to each other. All
 *  pairs of items are compared once, not once for each speed.
 */
import { bitsPerItem, repeats } from './items.ts';

/** Aligns item q of the query with item round(at + rate * q) of the track. */
export interface Line {
  readonly at: number;
  /** Track items per query item: 1.02 where the query's tempo is 2 % faster. */
  readonly rate: number;
}

const blockItems = 32;
/** Every second item of the query is compared, every third of a longer one and so on, up to this many pairs. */
const pairsMax = 1_000_000;
/** Lines this near to a better one count as the same alignment. */
const apartItems = 2;

export class Lines {
  readonly #sums: Float32Array[] = [];
  readonly #queryItems: number;
  readonly #trackItems: number;

  /** Both must have items. Takes about 0.5 ms for half a minute over three minutes. */
  constructor(query: Uint32Array, track: Uint32Array) {
    this.#queryItems = query.length;
    this.#trackItems = track.length;
    const step = Math.max(2, Math.ceil((query.length * track.length) / pairsMax));
    for (let start = 0; start < query.length; start += blockItems) {
      const sums = new Float32Array(track.length + blockItems);
      const end = Math.min(query.length, start + blockItems);
      for (let item = start; item < end; item += step) {
        if (!repeats(query, item)) addAgreement(sums, query[item] ?? 0, track, blockItems - (item - start));
      }
      this.#sums.push(sums);
    }
  }

  /** The alignments with the most agreeing bits at this rate, best first; at least half of the query overlaps the track. */
  best(rate: number, max: number): Line[] {
    const found: { at: number; sum: number }[] = [];
    const halfItems = Math.floor((this.#queryItems * rate) / 2);
    for (let at = -halfItems; at <= this.#trackItems - halfItems; at++) {
      const sum = this.#sumAt(at, rate);
      if (found.length < max || sum > (found.at(-1)?.sum ?? 0)) keep(found, { at, sum }, max);
    }
    return found.map(({ at }) => ({ at, rate }));
  }

  #sumAt(at: number, rate: number): number {
    let sum = 0;
    for (let block = 0; block < this.#sums.length; block++) {
      const slot = at + Math.round(block * blockItems * rate) + blockItems;
      if (slot >= 0) sum += this.#sums[block]?.[slot] ?? 0;
    }
    return sum;
  }
}

/** Sorted, best first. Of adjacent alignments, only the best is kept. */
function keep(found: { at: number; sum: number }[], place: { at: number; sum: number }, max: number): void {
  const near = found.findIndex(({ at }) => Math.abs(at - place.at) <= apartItems);
  if (near >= 0) {
    if ((found[near]?.sum ?? 0) >= place.sum) return;
    found.splice(near, 1);
  }
  const worse = found.findIndex(({ sum }) => sum < place.sum);
  found.splice(worse < 0 ? found.length : worse, 0, place);
  found.length = Math.min(found.length, max);
}

/** Adds the number of agreeing minus disagreeing bits. The bit count of items.ts is inlined, because it runs a million times. */
function addAgreement(sums: Float32Array, word: number, track: Uint32Array, shift: number): void {
  for (let item = 0; item < track.length; item++) {
    const differing = word ^ (track[item] as number);
    let bits = differing - ((differing >>> 1) & 0x55555555);
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    const errors = Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    sums[item + shift] = (sums[item + shift] as number) + bitsPerItem / 2 - errors;
  }
}
