/** "Are these two tracks one recording under two names?" Pure.
 *
 *  Never by vector distance: two performances of a piece, and two pieces of one instrument, lie as near to each other as
 *  two copies do; a system that merged by distance once took 27,554 of the 82,378 tracks of a piano library for copies.
 *  Here fingerprints have to agree at one constant offset over most of BOTH tracks, block by block, and the durations
 *  too: pieces of game music that share a loop agree in parts of each other only.
 *
 *  Distances only propose which pairs are worth comparing. That most of both must agree leaves few offsets to try, so this
 *  needs none of what finds an excerpt anywhere in a track (fingerprint-offsets.ts).
 */
import type { Fingerprint, Hit } from '../domain.ts';
import { bitErrors, bitsPerItem, repeats } from './items.ts';
import { errorRateMax } from './match.ts';

/** How two whole tracks lie over each other. */
export interface CopyAgreement {
  /** Where the first begins in the second, in seconds. */
  readonly offsetSec: number;
  /** Shares of what each has to compare, [0, 1], that lie in blocks which agree. */
  readonly shareOfFirst: number;
  readonly shareOfSecond: number;
  /** Share of wrong bits in those blocks; 1 where there are none. */
  readonly bitErrorRate: number;
  /** Items of both together, that were compared in them. */
  readonly items: number;
}

/** A copy may have lost, or got, this much silence at its ends... */
const durationSecMax = 10;
/** ... but no more than this share of the longer one. */
const durationShareMax = 0.1;

/** Whether the durations leave room for one recording. Takes nothing, so it is asked first. */
export function durationsAgree(firstSec: number, secondSec: number): boolean {
  const longerSec = Math.max(firstSec, secondSec);
  return Math.abs(firstSec - secondSec) <= Math.min(durationSecMax, durationShareMax * longerSec);
}

/** Copies answer one query chunk nearly alike, however their windows lie over it. */
const similarityGapMax = 0.1;

/** Whether the hits of two tracks look as those of copies do: where both answer a query chunk, they do so nearly alike and from
 *  nearly the same place. Proves nothing.
 *
 *  @param first, second hits of each track for one query, in any order */
export function haveMatchingHits(first: readonly Hit[], second: readonly Hit[]): boolean {
  const there = Map.groupBy(second, ({ queryChunk }) => queryChunk);
  let shared = 0;
  let matching = 0;
  for (const [queryChunk, own] of Map.groupBy(first, (hit) => hit.queryChunk)) {
    const others = there.get(queryChunk);
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

/** Items of the first that find the offset. */
const probesMax = 128;
/** Share of the probes' wrong bits past which no offset needs a closer look: unrelated music has half of them wrong. */
const probeErrorRateMax = 0.3;
/** Offsets that are looked at in full. */
const offsetsMax = 3;
/** Ten seconds: a stretch that was cut out, or has another voice over it, does not drown in minutes that agree. */
const blockItems = 80;
/** A block of a copy is seldom worse than this; one of another performance seldom better. See bench/QUALITY.md. */
const blockErrorRateMax = 0.2;
/** Most of both. */
const shareMin = 0.9;
/** Five seconds: what is shorter has too little to prove anything, and is one recording only where the bytes are equal. */
const itemsMin = 40;

/** @returns true only for what is proved; of two fingerprints that are missing nothing is
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

/** The best of the offsets at which one may be the other, with what agrees there.
 *
 *  @param rateMax offsets at which more of the probes' bits are wrong are not looked at
 *  @returns null where there is nothing to compare
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

/** Item offsets (second minus first) by how few bits of some probes differ, best first; ties to the smaller offset. */
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

/** Items that tell something, spread evenly over the recording: at each of `max` places the next one. */
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

/** Where both repeat what was before, nothing is compared. */
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
