/** Decides whether two tracks are the same recording. Pure.
 *
 *  Not by vector distance: two performances of a piece, and two pieces of one instrument, can be as near as two copies; a system
 *  that merged by distance treated 27,554 of the 82,378 tracks of a piano library as copies. Here fingerprints have to agree at
 *  one constant offset over most of BOTH tracks, block by block, and the durations too: pieces of game music that share a loop
 *  agree in parts only.
 *
 *  Distances only select the pairs to compare. Because most of both must agree, few offsets are possible, so the search of
 *  offsets.ts is not needed.
 */
import type { Fingerprint, Hit } from '../domain.ts';
import { bitErrors, bitsPerItem, repeats } from './items.ts';
import { errorRateMax } from './match.ts';

/** The alignment of two whole tracks. */
export interface CopyAgreement {
  /** Position of the first track's start in the second, in seconds. */
  readonly offsetSec: number;
  /** Shares of the informative items of each, [0, 1], in blocks that agree. */
  readonly shareOfFirst: number;
  readonly shareOfSecond: number;
  /** Share of wrong bits in those blocks; 1 without blocks. */
  readonly bitErrorRate: number;
  /** Number of compared items in them, of both tracks together. */
  readonly items: number;
}

/** A copy may have lost or gained this much silence at its ends... */
const durationSecMax = 10;
/** ... but no more than this share of the longer one. */
const durationShareMax = 0.1;

/** Whether the durations allow one recording. Costs nothing, so it is checked first. */
export function durationsAgree(firstSec: number, secondSec: number): boolean {
  const longerSec = Math.max(firstSec, secondSec);
  return Math.abs(firstSec - secondSec) <= Math.min(durationSecMax, durationShareMax * longerSec);
}

/** Duplicates match a query chunk at almost the same distance, for any alignment of their windows. */
const similarityGapMax = 0.1;

/** Whether the hits of two tracks are like those of duplicates: for a query chunk that hits both, distances and times are almost
 *  equal. No proof.
 *
 *  @param first, second hits of each track for one query, in any order */
export function haveMatchingHits(first: readonly Hit[], second: readonly Hit[]): boolean {
  const hitsOfSecond = Map.groupBy(second, ({ queryChunk }) => queryChunk);
  let shared = 0;
  let matching = 0;
  for (const [queryChunk, own] of Map.groupBy(first, (hit) => hit.queryChunk)) {
    const others = hitsOfSecond.get(queryChunk);
    if (others === undefined) continue;
    shared++;
    if (own.some((hit) => others.some((other) => isSameHit(hit, other)))) matching++;
  }
  return shared > 0 && 2 * matching >= shared;
}

function isSameHit(one: Hit, other: Hit): boolean {
  const apartSec = Math.abs(one.trackStartSec - other.trackStartSec);
  const isNear = apartSec <= durationSecMax + Math.max(one.durationSec, other.durationSec);
  return isNear && Math.abs(one.similarity - other.similarity) <= similarityGapMax;
}

/** Number of items of the first that find the offset. */
const probesMax = 128;
/** Maximum share of wrong bits of the probes; offsets above it are not examined. Unrelated music has half of the bits wrong. */
const probeErrorRateMax = 0.3;
/** Number of offsets that are examined in full. */
const offsetsMax = 3;
/** Ten seconds: short enough that minutes of agreement do not hide a stretch that was cut out or has another voice over it. */
const blockItems = 80;
/** Copies are seldom worse than this in a block, other performances seldom better. See bench/QUALITY.md. */
const blockErrorRateMax = 0.2;
/** Most of both. */
const shareMin = 0.9;
/** Five seconds: shorter tracks cannot be compared and are duplicates only if their bytes are equal. */
const itemsMin = 40;

/** @returns true only with a proof; false if a fingerprint is empty
 *  @throws {RangeError} when the two have different or impossible item lengths */
export function isSameWhole(first: Fingerprint, second: Fingerprint): boolean {
  const agreement = agreementOf(first, second, probeErrorRateMax);
  return (
    agreement !== null &&
    agreement.items >= itemsMin &&
    agreement.bitErrorRate <= errorRateMax &&
    Math.min(agreement.shareOfFirst, agreement.shareOfSecond) >= shareMin
  );
}

/** The best possible offset, with its agreement.
 *
 *  @param rateMax offsets with a higher share of wrong bits of the probes are not examined
 *  @returns null if there is nothing to compare
 *  @throws {RangeError} when the two have different or impossible item lengths
 */
export function agreementOf(first: Fingerprint, second: Fingerprint, rateMax = 1): CopyAgreement | null {
  const { itemSec } = first;
  if (!(itemSec > 0) || itemSec !== second.itemSec) {
    throw new RangeError(`Cannot compare fingerprints: expected equal items, got ${itemSec} s, ${second.itemSec} s`);
  }
  const offsets = likelyOffsets(first.items, second.items, Math.ceil(durationSecMax / itemSec), rateMax);
  if (offsets.length === 0) return null;
  const [firstInformative, secondInformative] = [countInformative(first.items), countInformative(second.items)];
  let best: CopyAgreement | null = null;
  for (const offset of offsets) {
    const { ofFirst, ofSecond, items, errors } = agreeingBlocks(first.items, second.items, offset);
    const agreement = {
      offsetSec: offset * itemSec,
      shareOfFirst: firstInformative === 0 ? 0 : ofFirst / firstInformative,
      shareOfSecond: secondInformative === 0 ? 0 : ofSecond / secondInformative,
      bitErrorRate: items === 0 ? 1 : errors / (items * bitsPerItem),
      items,
    };
    if (best === null || agreement.items * (1 - agreement.bitErrorRate) > best.items * (1 - best.bitErrorRate)) {
      best = agreement;
    }
  }
  return best;
}

/** Item offsets (second minus first) by the number of differing bits of some probes, fewest first; ties to the smaller offset. */
function likelyOffsets(first: Uint32Array, second: Uint32Array, offsetMax: number, rateMax: number): number[] {
  const probes = spreadEvenly(first, probesMax);
  const rated: { offset: number; rate: number }[] = [];
  for (let offset = -offsetMax; offset <= offsetMax; offset++) {
    let errors = 0;
    let compared = 0;
    for (const item of probes) {
      if (item + offset < 0 || item + offset >= second.length) continue;
      compared++;
      errors += bitErrors(first, second, item, offset);
    }
    const rate = compared === 0 ? 1 : errors / (compared * bitsPerItem);
    if (compared > 0 && rate <= rateMax) rated.push({ offset, rate });
  }
  return rated
    .sort((a, b) => a.rate - b.rate || a.offset - b.offset)
    .slice(0, offsetsMax)
    .map(({ offset }) => offset);
}

/** Informative items spread evenly over the recording: the next one at each of `max` places. */
function spreadEvenly(items: Uint32Array, max: number): number[] {
  const probes = new Set<number>();
  for (let place = 0; place < max; place++) {
    let item = Math.floor((place * items.length) / max);
    while (item < items.length && repeats(items, item)) item++;
    if (item < items.length) probes.add(item);
  }
  return [...probes];
}

function countInformative(items: Uint32Array): number {
  let count = 0;
  for (let item = 0; item < items.length; item++) if (!repeats(items, item)) count++;
  return count;
}

function agreeingBlocks(first: Uint32Array, second: Uint32Array, offset: number) {
  const end = Math.min(first.length, second.length - offset);
  const sum = { ofFirst: 0, ofSecond: 0, items: 0, errors: 0 };
  for (let from = Math.max(0, -offset); from < end; from += blockItems) {
    const block = compareBlock(first, second, offset, from, Math.min(end, from + blockItems));
    if (block.errors > blockErrorRateMax * block.items * bitsPerItem) continue;
    sum.ofFirst += block.ofFirst;
    sum.ofSecond += block.ofSecond;
    sum.items += block.items;
    sum.errors += block.errors;
  }
  return sum;
}

/** Items that repeat the one before in both are not compared. */
function compareBlock(first: Uint32Array, second: Uint32Array, offset: number, from: number, to: number) {
  const block = { ofFirst: 0, ofSecond: 0, items: 0, errors: 0 };
  for (let item = from; item < to; item++) {
    const [isNew, isNewInSecond] = [!repeats(first, item), !repeats(second, item + offset)];
    if (isNew) block.ofFirst++;
    if (isNewInSecond) block.ofSecond++;
    if (!isNew && !isNewInSecond) continue;
    block.items++;
    block.errors += bitErrors(first, second, item, offset);
  }
  return block;
}
