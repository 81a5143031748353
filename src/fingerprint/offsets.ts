/** Finds candidate offsets of two fingerprints: all of them if there are few, else those with the most votes of equal partial
 *  hashes. Pure. */

/** Up to this many item pairs all offsets are candidates: a minute against ten minutes, 15 ms. */
const exhaustivePairsMax = 2_000_000;

/** Leading bits that must be equal for a vote. A copy with 10 % wrong bits keeps 16 of them in a fifth of its items; unrelated
 *  items match by chance once in thousands. */
const hashBits = 16;

/** Maximum occurrences of a hash per query item. Limits the work for repetitive music. */
const postingsMax = 48;

/** Number of offsets that are compared bit by bit. */
const candidatesMax = 24;

/** Offsets (track item minus query item) worth comparing, in a fixed order.
 *
 *  Linear in the lengths: at most `exhaustivePairsMax` pairs, or `postingsMax` votes per query item.
 */
export function candidateOffsets(query: Uint32Array, track: Uint32Array): Iterable<number> {
  if (query.length === 0 || track.length === 0) return [];
  if (query.length * track.length <= exhaustivePairsMax) return allOffsets(query.length, track.length);
  return mostVoted(voteForOffsets(query, track), query.length - 1);
}

function* allOffsets(queryItems: number, trackItems: number): Generator<number> {
  for (let offset = 1 - queryItems; offset < trackItems; offset++) yield offset;
}

/** votes[offset + query.length - 1]. Items that repeat the one before (silence, held notes) have no vote. */
function voteForOffsets(query: Uint32Array, track: Uint32Array): Uint32Array {
  const { starts, positions } = postings(track);
  const votes = new Uint32Array(query.length + track.length);
  for (let item = 0; item < query.length; item++) {
    const hash = hashAt(query, item);
    if (hash === null) continue;
    const from = starts[hash] ?? 0;
    const all = (starts[hash + 1] ?? 0) - from;
    // A hash with too many occurrences is sampled evenly over the track.
    const step = Math.max(1, all / postingsMax);
    for (let place = 0; place < all; place += step) {
      const slot = (positions[from + Math.floor(place)] ?? 0) - item + query.length - 1;
      votes[slot] = (votes[slot] ?? 0) + 1;
    }
  }
  return votes;
}

function hashAt(items: Uint32Array, item: number): number | null {
  const word = items[item] ?? 0;
  return item > 0 && items[item - 1] === word ? null : word >>> (32 - hashBits);
}

/** The occurrences of each hash, from positions[starts[hash]] to before positions[starts[hash + 1]]. A counting sort. */
function postings(items: Uint32Array): { starts: Uint32Array; positions: Uint32Array } {
  const starts = new Uint32Array(2 ** hashBits + 1);
  for (let item = 0; item < items.length; item++) {
    const hash = hashAt(items, item);
    if (hash !== null) starts[hash + 1] = (starts[hash + 1] ?? 0) + 1;
  }
  for (let hash = 0; hash < 2 ** hashBits; hash++) starts[hash + 1] = (starts[hash + 1] ?? 0) + (starts[hash] ?? 0);
  const next = starts.slice();
  const positions = new Uint32Array(starts.at(-1) ?? 0);
  for (let item = 0; item < items.length; item++) {
    const hash = hashAt(items, item);
    if (hash === null) continue;
    const place = next[hash] ?? 0;
    positions[place] = item;
    next[hash] = place + 1;
  }
  return { starts, positions };
}

/** The offsets with the most votes, including those of adjacent offsets, because a copy with frames between the track's votes
 *  for both. */
function mostVoted(votes: Uint32Array, zeroSlot: number): number[] {
  const around = (slot: number): number => (votes[slot - 1] ?? 0) + 2 * (votes[slot] ?? 0) + (votes[slot + 1] ?? 0);
  let best: { slot: number; weight: number }[] = [];
  let weightMin = 2;
  for (let slot = 0; slot < votes.length; slot++) {
    const weight = around(slot);
    if (weight <= weightMin) continue;
    best.push({ slot, weight });
    if (best.length < 8 * candidatesMax) continue;
    best = strongest(best);
    weightMin = best.at(-1)?.weight ?? weightMin;
  }
  return strongest(best).map(({ slot }) => slot - zeroSlot);
}

function strongest(found: readonly { slot: number; weight: number }[]): { slot: number; weight: number }[] {
  return [...found].sort((a, b) => b.weight - a.weight || a.slot - b.slot).slice(0, candidatesMax);
}
