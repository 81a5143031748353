/** Clusters of the library for review by an admin: grouped, examples analysed, most suspicious first. */
import PQueue from 'p-queue';
import { decodePcm } from '../../audio/decode.ts';
import { gateRateHz } from '../../audio/gate/frames.ts';
import { noisinessOf } from '../../audio/gate/noisiness.ts';
import type { AudioLimits } from '../../audio/limits.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { LeitmotifError } from '../../errors.ts';
import type { Library } from '../../library/library.ts';
import { clusteringName } from './cluster-names.ts';
import type { Cluster, ClusterMember } from './clusters.ts';
import { type ExampleSound, reasonsOf, type SuspicionReason } from './suspicion.ts';

export interface ReviewedCluster extends Cluster {
  /** The id for `mark`: its rank from 1, valid until the next clustering. */
  readonly id: number;
  readonly reasons: readonly SuspicionReason[];
  /** The sum of the reasons' weights; 0 without reasons. */
  readonly suspicion: number;
}

export interface ClusterReview {
  /** The clustering's name. @see clusteringName */
  readonly clustering: string;
  /** Most suspicious first; ties by size, largest first. */
  readonly clusters: readonly ReviewedCluster[];
  readonly chunks: number;
  readonly tracks: number;
}

export interface ReviewOptions {
  readonly catalog: Catalog;
  /** Null when unknown: then no audio is analysed and only the catalog's data count. */
  readonly library: Library | null;
  readonly spaceId: string;
  readonly limits: AudioLimits;
  /** ffmpeg runs at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

const examplesMax = 3;

/** Groups the chunks, analyses examples, ranks the groups and stores them so that one can be marked.
 *  @throws {LeitmotifError} 'index-empty' when nothing is indexed in this space, 'cancelled' */
export async function reviewClusters(options: ReviewOptions): Promise<ClusterReview> {
  const { catalog, spaceId, signal } = options;
  const count = catalog.liveChunks.count(spaceId);
  if (count === 0) throw new LeitmotifError('index-empty', 'Cannot make clusters: nothing is indexed in this space');
  const source = {
    count,
    rows: () => catalog.liveChunks.rows(spaceId),
    trackLoudnessDb: catalog.liveChunks.meanLoudnessDb(spaceId),
  };
  // Loads k-means, which no other command needs.
  const { clusterChunks } = await import('./clusters.ts');
  const whole = clusterChunks(source, { examplesMax, signal });
  const sounds = await analyseExamples(whole.clusters, options);
  const ranked = whole.clusters
    .map((cluster, i) => {
      const reasons = reasonsOf(cluster, whole, sounds[i] ?? null);
      return { ...cluster, reasons, suspicion: reasons.reduce((sum, { weight }) => sum + weight, 0) };
    })
    .sort((a, b) => b.suspicion - a.suspicion || b.chunks - a.chunks || a.centre - b.centre);
  // Stored in the order shown, so that an id is an index into them.
  const dimensions = catalog.spaces.get(spaceId)?.dimensions ?? 0;
  const centres = ranked.flatMap(({ centre }) => [
    ...whole.centres.subarray(centre * dimensions, (centre + 1) * dimensions),
  ]);
  const saved = Float32Array.from(centres);
  catalog.marks.saveClustering(spaceId, saved);
  const clusters = ranked.map((cluster, i) => ({ ...cluster, centre: i, id: i + 1 }));
  return { clustering: clusteringName(saved), clusters, chunks: whole.chunks, tracks: whole.tracks };
}

async function analyseExamples(clusters: readonly Cluster[], options: ReviewOptions): Promise<(ExampleSound | null)[]> {
  const queue = new PQueue({ concurrency: options.concurrency });
  return await Promise.all(
    clusters.map(async ({ examples }) => {
      const sounds = await queue.addAll(examples.map((example) => () => analyseExample(example, options)));
      const readable = sounds.filter((each) => each !== null);
      if (readable.length === 0) return null;
      const mean = (of: (each: ExampleSound) => number) =>
        readable.reduce((sum, each) => sum + of(each), 0) / readable.length;
      return { noisiness: mean((each) => each.noisiness), levelSpreadDb: mean((each) => each.levelSpreadDb) };
    }),
  );
}

/** @returns null when the file is missing or unreadable; the other examples of its cluster are used */
async function analyseExample(
  { trackId, startSec, endSec }: ClusterMember,
  options: ReviewOptions,
): Promise<ExampleSound | null> {
  const { catalog, library, limits, signal } = options;
  const key = catalog.tracks.byIds([trackId]).get(trackId)?.key;
  if (!library || key === undefined) return null;
  try {
    await using file = await library.seekable(key, { signal });
    const range = { fromSec: startSec, toSec: endSec };
    const decoding = decodePcm(file, { sampleRateHz: gateRateHz, ...range, fingerprint: false, signal, limits });
    return noisinessOf(await allOf(decoding.pcm, Math.ceil((endSec - startSec + 1) * gateRateHz)), gateRateHz);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LeitmotifError) return null;
    throw error;
  }
}

async function allOf(parts: AsyncIterable<Float32Array>, samplesMax: number): Promise<Float32Array> {
  const all = new Float32Array(samplesMax);
  let filled = 0;
  for await (const part of parts) {
    const taken = part.subarray(0, samplesMax - filled);
    all.set(taken, filled);
    filled += taken.length;
  }
  return all.subarray(0, filled);
}
