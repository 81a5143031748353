/** Compares fingerprints of copies at another speed, through a telephone or in a noisy room. Pure.
 *
 *  Used after match.ts has found no plain copy. It needs about twenty seconds where match.ts needs five, because each item is
 *  damaged more, and each of the many speeds is another chance for a false match.
 */
import type { Fingerprint, SpeedFingerprint } from '../domain.ts';
import { agreementAlong, type LevelAgreement, type Leveled, levelsOf } from './levels.ts';
import { type Line, Lines } from './lines.ts';

export interface ChangedMatch extends LevelAgreement {
  /** How fast the query plays the track: 1.02 is 2 % faster; 1 at the track's own speed. */
  readonly speed: number;
  /** Position of the query's start in the track. Negative when the query begins before the track. */
  readonly offsetSec: number;
}

/** Correlations that prove a copy. Unrelated music reaches .31, but another performance of the piece, synthesized in equal time,
 *  reaches .62 at the track's speed and .64 at another one; see bench/QUALITY.md, "this is". */
const correlationMin = { sameSpeed: 0.66, otherSpeed: 0.7 } as const;
/** A telephone halves the correlation of a copy, and also that of another performance: none of these is above .31 without a
 *  clearly better agreement at another speed. */
const telephoneMin = { sameSpeed: 0.34, otherSpeed: 0.62 } as const;
/** A copy at the track's speed correlates equally, or by chance slightly better, at half a per cent more or less. A larger
 *  advantage of another speed excludes a copy at the track's speed; this detects performances in another tempo. */
const correlationMargin = 0.05;
/** With fewer items, chance correlations are higher, so the limits rise with the square root of the ratio. */
const enoughItems = 200;
/** 12 s. */
const informativeItemsMin = 96;
/** Copies at 2 % more or less reach this before their speed is undone (.37 and more in 95 of 100); the best of ten other tracks
 *  does in 1 of 20. */
const promisingMin = 0.25;

/** The match that proves the copy; null if none does.
 *  @param isTelephoneBand whether the query has no sound outside a telephone's band */
export function provingMatch({ sameSpeed, otherSpeed }: ChangedMatches, isTelephoneBand: boolean): ChangedMatch | null {
  const limits = isTelephoneBand ? telephoneMin : correlationMin;
  const isOther = (otherSpeed?.correlation ?? -1) > (sameSpeed?.correlation ?? -1) + correlationMargin;
  if (!isOther && sameSpeed && reaches(sameSpeed, limits.sameSpeed)) return sameSpeed;
  return otherSpeed && reaches(otherSpeed, limits.otherSpeed) ? otherSpeed : null;
}

/** Whether the query should be fingerprinted again at other speeds.
 *  @param matches of the query at its own speed */
export function isPromising({ sameSpeed, otherSpeed }: ChangedMatches): boolean {
  return Math.max(sameSpeed?.correlation ?? 0, otherSpeed?.correlation ?? 0) >= promisingMin;
}

function reaches({ correlation, informativeItems }: ChangedMatch, min: number): boolean {
  if (informativeItems < informativeItemsMin) return false;
  return correlation >= min * Math.sqrt(Math.max(1, enoughItems / informativeItems));
}

/** The best match of each kind; null if nothing can be compared. */
export interface ChangedMatches {
  readonly sameSpeed: ChangedMatch | null;
  readonly otherSpeed: ChangedMatch | null;
}

/** Tempo without pitch, as DJ software changes it: the bits stay and their times move. */
const tempos = [0.96, 0.965, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 1.005, 1.01, 1.015, 1.02, 1.025, 1.03, 1.035, 1.04];
/** Candidate positions per speed. If the speed is undone, or only the tempo differs, most bits agree at the right one; through a
 *  telephone the right one is among the first 24 in 94 of 100. */
const samePlaces = 24;
const otherPlaces = 2;
/** Refinement around the best candidates: the remaining difference in speed, and half an item in both directions. */
const leftOver = [-0.005, -0.0025, 0, 0.0025, 0.005];
const halfItems = [-1, -0.5, 0, 0.5, 1];

export class ChangedQuery {
  readonly #itemSec: number;
  readonly #plain: SpeedMatch;
  readonly #atSpeeds: readonly SpeedMatch[];

  /** @param plain the query's fingerprint
   *  @param atSpeeds the fingerprints with speeds undone; empty if the audio is missing */
  constructor(plain: Fingerprint, atSpeeds: readonly SpeedFingerprint[]) {
    this.#itemSec = plain.itemSec;
    this.#plain = { ...leveled(plain), speed: 1 };
    this.#atSpeeds = atSpeeds
      .map((one) => ({ ...leveled(one), speed: one.speed }))
      .filter(({ items }) => items.length > 0);
  }

  /** Takes about 5 ms for half a minute over three minutes.
   *  @throws {RangeError} when the item lengths differ */
  compare(fingerprint: Fingerprint): ChangedMatches {
    if (fingerprint.itemSec !== this.#itemSec) {
      throw new RangeError(
        `Cannot compare fingerprints: expected equal items, got ${this.#itemSec} s, ${fingerprint.itemSec} s`,
      );
    }
    const track = leveled(fingerprint);
    const query = this.#plain;
    if (track.items.length === 0 || query.items.length === 0) return { sameSpeed: null, otherSpeed: null };
    const plain = new Lines(query.items, track.items);
    const same = bestOf(query, track, plain.best(1, samePlaces));
    let other = bestOf(
      query,
      track,
      tempos.flatMap((tempo) => plain.best(tempo, otherPlaces)),
    );
    for (const speedMatch of this.#atSpeeds) {
      const lines = new Lines(speedMatch.items, track.items).best(1, otherPlaces);
      other = better(other, bestOf(speedMatch, track, lines));
    }
    return {
      sameSpeed: same && this.#describe(refine(same, track, [0])),
      otherSpeed: other && this.#describe(refine(other, track, leftOver)),
    };
  }

  #describe({ query, line, agreement }: Placed): ChangedMatch {
    return { ...agreement, speed: query.speed * line.rate, offsetSec: line.at * this.#itemSec };
  }
}

interface SpeedMatch extends Leveled {
  /** The speed that was undone. */
  readonly speed: number;
}

interface Placed {
  readonly query: SpeedMatch;
  readonly line: Line;
  readonly agreement: LevelAgreement;
}

function bestOf(query: SpeedMatch, track: Leveled, lines: readonly Line[]): Placed | null {
  let best: Placed | null = null;
  for (const line of lines) {
    const agreement = agreementAlong(query, track, line);
    if (agreement) best = better(best, { query, line, agreement });
  }
  return best;
}

function better(one: Placed | null, other: Placed | null): Placed | null {
  if (!one || !other) return one ?? other;
  return other.agreement.correlation > one.agreement.correlation ? other : one;
}

/** The best line near this one; another rate rotates it around its middle. */
function refine(placed: Placed, track: Leveled, rates: readonly number[]): Placed {
  const { query, line } = placed;
  const middle = query.items.length / 2;
  const lines = rates.flatMap((more) =>
    halfItems.map((near) => ({ at: line.at + near - more * middle, rate: line.rate + more })),
  );
  return better(placed, bestOf(query, track, lines)) ?? placed;
}

function leveled({ items }: Fingerprint): Leveled {
  return { items, levels: levelsOf(items) };
}
