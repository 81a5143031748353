/** Proves a query that is no plain copy: played at another speed, through a telephone, in a noisy room.
 *
 *  Compares only one minute: enough for a proof, and fast to fingerprint a second time.
 */
import { setImmediate } from 'node:timers/promises';
import type { Fingerprint, SpeedFingerprints } from '../domain.ts';
import { type ChangedMatch, ChangedQuery, isPromising, provingMatch } from '../fingerprint/changed-copy.ts';

/** Fingerprints a part of the query at other speeds; null if its audio is no longer stored. Seconds count from the query's
 *  start. */
export type ReadSpeedFingerprints = (part: {
  readonly fromSec: number;
  readonly durationSec: number;
}) => Promise<SpeedFingerprints | null>;

export interface ChangedProof {
  readonly trackId: number;
  readonly match: ChangedMatch;
}

const partSec = 60;
/** Shorter queries cannot be proved: see changed-copy.ts. */
const partSecMin = 12;
/** Speeds nearer to 1 than this are the track's own. */
const speedStep = 0.003;

/** @returns the candidate with the best agreement; ties to the smaller id; null if none is proved */
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

/** Most queries end here, without a second fingerprint. */
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

/** A fingerprint has fewer items than its audio has steps, because each item covers this many steps. */
const itemsOfWindow = 20;

/** Converts to the offset of the whole query's start, without a speed if it is the track's own. */
function fromQueryStart(match: ChangedMatch, partStartSec: number): ChangedMatch {
  const speed = Math.abs(match.speed - 1) < speedStep ? 1 : Math.round(match.speed * 1000) / 1000;
  return { ...match, speed, offsetSec: match.offsetSec - partStartSec * speed };
}
