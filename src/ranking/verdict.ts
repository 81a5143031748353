/** Decides the verdict: "this is", "sounds like", "nearest" or "nothing close". Pure.
 *
 *  "This is" is proved by fingerprints, not by distances: an excerpt's windows fall between the library's, so the same
 *  recording is seldom at distance 0, and another performance may be nearer. The others depend on how near the results are
 *  compared with how near the library's tracks are to each other: see spread.ts and calibration.ts.
 */
import { setImmediate } from 'node:timers/promises';
import type { Fingerprint, RankedTrack, Verdict } from '../domain.ts';
import { type FingerprintMatch, isSameRecording, matchFingerprints } from '../fingerprint/match.ts';
import { type Calibration, confidenceOf } from './calibration.ts';
import { changedProof, type ReadSpeedFingerprints } from './changed-proof.ts';

/** Limits the number of fingerprint comparisons, which take milliseconds each. */
export const candidatesMax = 10;

/** The tracks whose fingerprints are compared with the query's.
 *
 *  Taken in turn from the best ranked tracks, those with the nearest single hit, and those with the longest run: a short
 *  excerpt in a long query has few votes, but near hits that agree in time.
 *
 *  @param ranked any fusion's answer
 *  @returns at most `max` track ids, most likely first
 */
export function recordingCandidates(ranked: readonly RankedTrack[], max = candidatesMax): number[] {
  const byNearest = [...ranked].sort((a, b) => a.bestDistance - b.bestDistance || a.trackId - b.trackId);
  const byRun = [...ranked].sort(
    (a, b) => b.longestRunSec - a.longestRunSec || a.bestDistance - b.bestDistance || a.trackId - b.trackId,
  );
  const candidates = new Set<number>();
  for (let place = 0; place < ranked.length; place++) {
    for (const list of [ranked, byNearest, byRun]) {
      const track = list[place];
      if (track) candidates.add(track.trackId);
      if (candidates.size >= max) return [...candidates];
    }
  }
  return [...candidates];
}

export interface VerdictInput {
  /** The answer, best first. */
  readonly ranked: readonly RankedTrack[];
  readonly queryFingerprint: Fingerprint;
  /** The candidates' fingerprints by track id. A track without one cannot be proved. */
  readonly fingerprints: ReadonlyMap<number, Fingerprint>;
  /** Null if the library has no spread: every result is then "sounds like". */
  readonly nearestMatch: NearestMatch | null;
  /** Of the space; null if it was not calibrated: every result is then "sounds like". */
  readonly calibration: Calibration | null;
  /** Called only if no plain copy is proved. Default: only tempos and noise are compared. */
  readonly speedFingerprints?: ReadSpeedFingerprints | undefined;
}

export interface NearestMatch {
  /** @see closenessIn */
  readonly closeness: number;
  /** Of the first result. */
  readonly match: number;
}

/** Asynchronous, because one comparison takes up to 20 ms and ten in a row would delay a heartbeat: the event loop runs
 *  between two comparisons.
 *
 *  @throws {RangeError} on fingerprints of different item lengths */
export async function decideVerdict(input: VerdictInput): Promise<Verdict> {
  const { ranked, queryFingerprint, fingerprints, nearestMatch, calibration } = input;
  const proof = await bestProof(queryFingerprint, fingerprints);
  if (proof) {
    const { offsetSec, bitErrorRate } = proof.match;
    return { kind: 'this-is', trackId: proof.trackId, offsetSec, bitErrorRate };
  }
  const changed = await changedProof(queryFingerprint, fingerprints, input.speedFingerprints ?? (async () => null));
  if (changed) {
    const { offsetSec, bitErrorRate, speed } = changed.match;
    const found = { kind: 'this-is', trackId: changed.trackId, offsetSec, bitErrorRate } as const;
    return speed === 1 ? found : { ...found, speed };
  }
  if (ranked.length === 0) return { kind: 'nothing-close' };
  if (!nearestMatch || !calibration) return { kind: 'sounds-like' };
  if (nearestMatch.closeness < calibration.nothingCloseBelow) return { kind: 'nothing-close' };
  return {
    kind: confidenceOf(nearestMatch.match, calibration) >= calibration.soundsLikeFrom ? 'sounds-like' : 'nearest',
  };
}

interface Proof {
  readonly trackId: number;
  readonly match: FingerprintMatch;
}

/** If two tracks hold the same sound (a loop, a re-issue), the longer agreement wins, then the one with fewer errors. */
async function bestProof(query: Fingerprint, fingerprints: ReadonlyMap<number, Fingerprint>): Promise<Proof | null> {
  const proofs: Proof[] = [];
  for (const [trackId, fingerprint] of fingerprints) {
    await setImmediate();
    const match = matchFingerprints(query, fingerprint);
    if (match && isSameRecording(match)) proofs.push({ trackId, match });
  }
  proofs.sort(
    (a, b) =>
      b.match.informativeItems * (1 - 2 * b.match.bitErrorRate) -
        a.match.informativeItems * (1 - 2 * a.match.bitErrorRate) || a.trackId - b.trackId,
  );
  return proofs[0] ?? null;
}
