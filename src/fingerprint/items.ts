/** Counts shared by all comparisons of fingerprints. Pure. */

export const bitsPerItem = 32;

/** Silence and held notes repeat an item, and any other silence matches it, so a repeated item is no evidence. */
export function repeats(items: Uint32Array, item: number): boolean {
  return item > 0 && items[item] === items[item - 1];
}

/** Number of differing bits of a query item and the aligned track item, 0 to 32.
 *  @param offset track item minus query item */
export function bitErrors(query: Uint32Array, track: Uint32Array, item: number, offset: number): number {
  return countBits((query[item] ?? 0) ^ (track[item + offset] ?? 0));
}

/** Population count of 32 bits. @see Hacker's Delight, 5-1 */
function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
