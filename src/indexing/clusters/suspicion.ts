/** Reasons to suspect that a cluster is not music, each with a weight and a text for admins. Pure. */
import type { Cluster, Clustering } from './clusters.ts';

/** Measures of the gate for a cluster's examples: means over the readable examples. */
export interface ExampleSound {
  /** The gate's probability of not being music, 0 to 1, before its bias towards music. */
  readonly noisiness: number;
  /** Spread of the level from moment to moment, dB. */
  readonly levelSpreadDb: number;
}

/** rejected    share that the gate rejects            noisy    the gate's probability of noise
 *  widespread  share of the library's tracks          edges    share at the beginning or end of tracks
 *  quiet       dB below the rest of their tracks      steady   spread of the level, dB */
export type SuspicionKind = 'rejected' | 'noisy' | 'widespread' | 'edges' | 'quiet' | 'steady';

export interface SuspicionReason {
  readonly kind: SuspicionKind;
  /** What the kind says. */
  readonly value: number;
  /** In English. */
  readonly text: string;
  /** Greater than 0; clusters are ranked by the sum. */
  readonly weight: number;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** @param sound null when no example was readable
 *  @returns highest weight first */
export function reasonsOf(cluster: Cluster, whole: Clustering, sound: ExampleSound | null): SuspicionReason[] {
  const perTrack = cluster.chunks / cluster.tracks;
  const usual = whole.chunks / whole.tracks;
  const reasons: SuspicionReason[] = [
    {
      ...{ kind: 'rejected', value: cluster.rejectedShare },
      weight: 3 * cluster.rejectedShare,
      text: `the gate rejects ${percent(cluster.rejectedShare)}`,
    },
    {
      ...{ kind: 'noisy', value: sound?.noisiness ?? 0 },
      weight: 3 * ramp(sound?.noisiness ?? 0, 0.1, 0.8),
      text: `sounds like noise (${percent(sound?.noisiness ?? 0)})`,
    },
    {
      ...{ kind: 'widespread', value: cluster.tracks / whole.tracks },
      // A few chunks of many tracks each: groups of music contain many chunks of few tracks.
      weight: cluster.tracks < 3 ? 0 : ramp(cluster.tracks / whole.tracks, 0.05, 0.5) * ramp(usual / perTrack, 1.5, 6),
      text: `in ${cluster.tracks} of ${whole.tracks} tracks, ${perTrack.toFixed(1)} chunks each`,
    },
    {
      ...{ kind: 'edges', value: cluster.edgeShare },
      weight: 1.5 * ramp(cluster.edgeShare - whole.edgeShare, 0.1, 0.6),
      text: `${percent(cluster.edgeShare)} at the beginning or end of tracks`,
    },
    {
      ...{ kind: 'quiet', value: -cluster.overTrackDb },
      weight: ramp(-cluster.overTrackDb, 5, 20),
      text: `${Math.round(-cluster.overTrackDb)} dB below the rest of their tracks`,
    },
    {
      ...{ kind: 'steady', value: sound?.levelSpreadDb ?? 0 },
      // A steady level alone may be a drone or a string chord: it is weighted by noisiness.
      weight: sound ? ramp(sound.noisiness, 0.1, 0.8) * ramp(-sound.levelSpreadDb, -5, -1) : 0,
      text: `steady (level within ${(sound?.levelSpreadDb ?? 0).toFixed(1)} dB)`,
    },
  ];
  return reasons.filter(({ weight }) => weight > 0.05).sort((a, b) => b.weight - a.weight);
}

/** 0 up to `from`, 1 from `to`, linear in between. */
function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
