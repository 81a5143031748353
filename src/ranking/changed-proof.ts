/** Proves a query that is no plain copy: played at another speed, through a telephone, in a noisy room.
 *
 *  Only one minute of it is compared: long enough for a proof, and short enough to be listened to a second time.
 */
import { setImmediate } from 'node:timers/promises';
import type { Fingerprint, SpeedFingerprints } from '../domain.ts';
import { type ChangedMatch, ChangedQuery, isPromising, provingMatch } from '../fingerprint/changed-copy.ts';

/** Listens to a part of the query again; null where its sound is no longer there. Seconds count from the query's start. */
export type ReadSpeedFingerprints = (part: {
  readonly fromSec: number;
  readonly durationSec: number;
}) => Promise<SpeedFingerprints | null>;

export interface ChangedProof {
  readonly trackId: number;
  readonly match: ChangedMatch;
}

const partSec = 60;
/** Less cannot be proved: see changed-copy.ts. */
const partSecMin = 12;
/** Speeds nearer to 1 than this are the track's own. */
const speedStep = 0.003;

/** @returns the candidate that agrees best; ties to the smaller id; null where none is proved */
export async function changedProof(
  query: Fingerprint,
  fingerprints: ReadonlyMap<number, Fingerprint>,
  readSpeeds: ReadSpeedFingerprints,
): Promise<ChangedProof | null> {
  const { itemSec, items } = query;
  if (fingerprints.size === 0 || items.length * itemSec < partSecMin) return null;
  const count = Math.min(items.length, Math.round(partSec / itemSec));
  const first = Math.floor((items.length - count) / 2);
  const part = { itemSec, items: items.slice(first, first + count) };
  const promising = await promisingOf(new ChangedQuery(part, []), fingerprints);
  if (promising.length === 0) return null;
  const speeds = await readSpeeds({ fromSec: first * itemSec, durationSec: (count + itemsOfWindow) * itemSec });
  const changed = new ChangedQuery(part, speeds?.atSpeeds ?? []);
  let best: ChangedProof | null = null;
  for (const [trackId, fingerprint] of promising) {
    await setImmediate();
    const match = provingMatch(changed.compare(fingerprint), speeds?.isTelephoneBand ?? false);
    const found = best?.match.correlation ?? -1;
    if (!match || match.correlation < found || (match.correlation === found && trackId > (best?.trackId ?? 0)))
      continue;
    best = { trackId, match };
  }
  return best && { ...best, match: fromQueryStart(best.match, first * itemSec) };
}

/** Most queries end here, and are not listened to again. */
async function promisingOf(
  query: ChangedQuery,
  fingerprints: ReadonlyMap<number, Fingerprint>,
): Promise<[number, Fingerprint][]> {
  const promising: [number, Fingerprint][] = [];
  for (const candidate of fingerprints) {
    await setImmediate();
    if (isPromising(query.compare(candidate[1]))) promising.push(candidate);
  }
  return promising;
}

/** A fingerprint has this many items less than its sound has steps: the last ones look ahead. */
const itemsOfWindow = 20;

/** The offset of the whole query's start, and no speed where it is the track's own. */
function fromQueryStart(match: ChangedMatch, partStartSec: number): ChangedMatch {
  const speed = Math.abs(match.speed - 1) < speedStep ? 1 : Math.round(match.speed * 1000) / 1000;
  return { ...match, speed, offsetSec: match.offsetSec - partStartSec * speed };
}
