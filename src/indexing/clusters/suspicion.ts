/** What speaks for a cluster not being music: reasons, each with a weight, in words for an admin. Pure. */
import type { Cluster, Clustering } from './clusters.ts';

/** What a cluster's examples sound like, by the gate's own measure, each the mean of those that could be heard. */
export interface ExampleSound {
  /** How likely the gate finds it that it is not music, 0 to 1, before it gives music the benefit of the doubt. */
  readonly noisiness: number;
  /** Spread of the level from moment to moment, dB. */
  readonly levelSpreadDb: number;
}

export interface Reason {
  readonly text: string;
  /** More than 0; the sum ranks. */
  readonly weight: number;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** @param heard null when no example could be heard
 *  @returns weightiest first */
export function reasonsOf(cluster: Cluster, whole: Clustering, heard: ExampleSound | null): Reason[] {
  const perTrack = cluster.chunks / cluster.tracks;
  const usual = whole.chunks / whole.tracks;
  const reasons: Reason[] = [
    { weight: 3 * cluster.rejectedShare, text: `the gate rejects ${percent(cluster.rejectedShare)}` },
    {
      weight: 3 * over(heard?.noisiness ?? 0, 0.1, 0.8),
      text: `sounds like noise (${percent(heard?.noisiness ?? 0)})`,
    },
    {
      // A few chunks each of many tracks: music's groups hold much of few tracks.
      weight: cluster.tracks < 3 ? 0 : over(cluster.tracks / whole.tracks, 0.05, 0.5) * over(usual / perTrack, 1.5, 6),
      text: `in ${cluster.tracks} of ${whole.tracks} tracks, ${perTrack.toFixed(1)} chunks each`,
    },
    {
      weight: 1.5 * over(cluster.edgeShare - whole.edgeShare, 0.1, 0.6),
      text: `${percent(cluster.edgeShare)} at the beginning or end of tracks`,
    },
    {
      weight: over(-cluster.overTrackDb, 5, 20),
      text: `${Math.round(-cluster.overTrackDb)} dB below the rest of their tracks`,
    },
    {
      // Steady alone is a drone or a string chord: it counts as far as it is noise.
      weight: heard ? over(heard.noisiness, 0.1, 0.8) * over(-heard.levelSpreadDb, -5, -1) : 0,
      text: `steady (level within ${(heard?.levelSpreadDb ?? 0).toFixed(1)} dB)`,
    },
  ];
  return reasons.filter(({ weight }) => weight > 0.05).sort((a, b) => b.weight - a.weight);
}

/** 0 up to `from`, 1 from `to`, a line between. */
function over(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
