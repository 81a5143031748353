/** Aligns two acoustic fingerprints, to decide whether they are of the same recording. Pure.
 *
 *  Embedding distances cannot decide this: an excerpt's windows are between the library's, so a recording is not at distance 0
 *  from itself, while another performance of the piece may be very near. Chromaprint's 32 bits per 0.124 s encode local changes
 *  of pitch-class energy. The same recording agrees in most of them after lossy coding, gain and mild EQ; another performance is
 *  out of step within seconds.
 *
 *  @see https://oxygene.sk/2011/01/how-does-chromaprint-work/ for what the bits are
 *  @see offsets.ts for the search of candidate offsets in linear time
 */
import type { Fingerprint } from '../domain.ts';
import { bitErrors, bitsPerItem, repeats } from './items.ts';
import { candidateOffsets } from './offsets.ts';

/** The best alignment of two recordings. */
export interface FingerprintMatch {
  /** Position of the query's start in the track. Negative when the query begins before the track. */
  readonly offsetSec: number;
  /** The stretch of the query that agrees. */
  readonly queryFromSec: number;
  readonly queryToSec: number;
  /** Seconds in which both recordings have sound to compare at this offset. */
  readonly overlapSec: number;
  /** Share of the stretch's bits that differ: 0 equal, 0.5 unrelated. */
  readonly bitErrorRate: number;
  /** Number of informative items in the stretch: silence and held notes repeat one item, which any silence matches. */
  readonly informativeItems: number;
}

/** Share of wrong bits above which an item is evidence against the offset: half-way between degraded copies and unrelated music;
 *  see bench/QUALITY.md, "this is". */
const neutralErrorRate = 0.28;

/** Finds the offset and the stretch with the best agreement.
 *
 *  @returns null when nothing agrees, or either fingerprint is empty
 *  @throws {RangeError} when the two have different or impossible item lengths
 */
export function matchFingerprints(query: Fingerprint, track: Fingerprint): FingerprintMatch | null {
  if (!(query.itemSec > 0) || query.itemSec !== track.itemSec) {
    throw new RangeError(
      `Cannot compare fingerprints: expected equal items, got ${query.itemSec} s, ${track.itemSec} s`,
    );
  }
  let best: Stretch | null = null;
  for (const offset of candidateOffsets(query.items, track.items)) {
    const stretch = bestStretch(query.items, track.items, offset);
    if (stretch && (!best || stretch.score > best.score)) best = stretch;
  }
  return best && describe(best, query, track);
}

interface Stretch {
  /** Track item minus query item. */
  readonly offset: number;
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

/** Kadane's algorithm: an item counts the neutral error rate minus its own. */
function bestStretch(query: Uint32Array, track: Uint32Array, offset: number): Stretch | null {
  const neutralBits = neutralErrorRate * bitsPerItem;
  const first = Math.max(0, -offset);
  const end = Math.min(query.length, track.length - offset);
  let best: Stretch | null = null;
  let bestScore = 0;
  let score = 0;
  let from = first;
  for (let item = first; item < end; item++) {
    const gain = neutralBits - bitErrors(query, track, item, offset);
    // A repeated item agrees with any silence, so it can only be evidence against an offset.
    score += gain > 0 && repeats(query, item) ? 0 : gain;
    if (score <= 0) {
      score = 0;
      from = item + 1;
    } else if (score > bestScore) {
      bestScore = score;
      best = { offset, from, to: item + 1, score };
    }
  }
  return best;
}

function describe(stretch: Stretch, query: Fingerprint, track: Fingerprint): FingerprintMatch {
  const { offset, from, to } = stretch;
  let errors = 0;
  let informativeItems = 0;
  for (let item = from; item < to; item++) {
    if (repeats(query.items, item)) continue;
    informativeItems++;
    errors += bitErrors(query.items, track.items, item, offset);
  }
  const overlap = Math.min(query.items.length, track.items.length - offset) - Math.max(0, -offset);
  return {
    offsetSec: offset * query.itemSec,
    queryFromSec: from * query.itemSec,
    queryToSec: to * query.itemSec,
    overlapSec: overlap * query.itemSec,
    bitErrorRate: errors / (informativeItems * bitsPerItem),
    informativeItems,
  };
}

/** Copies that must be recognised (mp3 at 64 kbit/s, gain, 3 dB of EQ) have at most 11 % wrong bits from 7 s up; the best
 *  stretch of another performance has 13 % and more. See bench/QUALITY.md. */
export const errorRateMax = 0.125;

/** 1.5 s: the informative part of a 5 s excerpt with a held note. Shorter stretches of unrelated music reach 11 % by chance. */
const informativeItemsMin = 12;

/** Shared sound (a loop, a jingle) does not prove the same recording: the agreement must cover half of the overlap, or ten
 *  seconds if the query also has other sounds. */
const overlapShareMin = 0.5;
const longStretchItems = 80;

/** Whether the match proves the same recording. */
export function isSameRecording(match: FingerprintMatch): boolean {
  const { bitErrorRate, informativeItems, queryFromSec, queryToSec, overlapSec } = match;
  if (bitErrorRate > errorRateMax || informativeItems < informativeItemsMin) return false;
  return informativeItems >= longStretchItems || queryToSec - queryFromSec >= overlapShareMin * overlapSec;
}
