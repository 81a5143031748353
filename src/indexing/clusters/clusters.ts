/** Groups the library's chunks by sound to find chunks that are not music: applause, silence, talk, noise.
 *
 *  k-means on a sample; then every chunk is assigned to its nearest centre. Seeded and in the catalog's order, so that
 *  equal libraries give equal groups. Memory: the sample and a few numbers per track.
 */
import { kmeans } from 'ml-kmeans';
import type { LiveChunk } from '../../catalog/live-chunks.ts';
import { nearestCentre } from '../../catalog/marked-regions.ts';

export interface ClusterMember {
  readonly trackId: number;
  readonly startSec: number;
  readonly endSec: number;
  readonly loudnessDb: number;
  /** Inner product with the group's centre. */
  readonly similarity: number;
}

export interface Cluster {
  /** Its index among the centres. */
  readonly centre: number;
  readonly chunks: number;
  readonly tracks: number;
  /** Its chunks that are music, by the gate and by all marks: a mark excludes these. */
  readonly musicChunks: number;
  /** Tracks whose music is in this cluster alone: a mark excludes them from all answers. Ids in the order of the source. */
  readonly wholeTracks: { readonly count: number; readonly ids: readonly number[] };
  /** Shares of its chunks, 0 to 1: rejected by the gate as not music; marked by an admin; first or last of their track. */
  readonly rejectedShare: number;
  readonly markedShare: number;
  readonly edgeShare: number;
  /** Mean level of its chunks relative to the mean of their track, dB. */
  readonly overTrackDb: number;
  /** Inner product of the farthest chunk with the centre. */
  readonly minSimilarity: number;
  /** The chunks nearest to the centre, one per track, nearest first. */
  readonly examples: readonly ClusterMember[];
}

export interface Clustering {
  /** Shape [groups][dimensions], row by row. */
  readonly centres: Float32Array;
  /** Clusters with at least one chunk. */
  readonly clusters: readonly Cluster[];
  readonly chunks: number;
  readonly tracks: number;
  /** Share among all chunks. */
  readonly edgeShare: number;
}

export interface ClusterSource {
  readonly count: number;
  /** Yields the same chunks in the same order on every call; those of a track one after the other. */
  readonly rows: () => Iterable<LiveChunk>;
  /** Mean level of each track, dBFS. */
  readonly trackLoudnessDb: ReadonlyMap<number, number>;
}

export interface ClusterOptions {
  readonly examplesMax: number;
  readonly signal: AbortSignal;
}

/** A group of one chunk in two hundred gets fifty sample chunks. */
const sampleMax = 10_000;
const groupsMin = 4;
const groupsMax = 64;
const iterationsMax = 20;
/** Of the tracks that a mark would exclude, so many are named. */
const wholeTracksMax = 20;
const seed = 4;

/** @param source not empty
 *  @throws the signal's reason */
export function clusterChunks(source: ClusterSource, { examplesMax, signal }: ClusterOptions): Clustering {
  const sample = sampleVectors(source, signal);
  const centres = centresOf(sample, groupsFor(source.count));
  const dimensions = sample[0]?.length ?? 1;
  const groups = Array.from({ length: centres.length / dimensions }, () => new Group(examplesMax));
  const tracks = new Set<number>();
  let edges = 0;
  const whole = new WholeTracks((trackId, centre) => groups[centre]?.addWhole(trackId));
  for (const chunk of source.rows()) {
    signal.throwIfAborted();
    const { centre, similarity } = nearestCentre(centres, chunk.vector);
    const trackDb = source.trackLoudnessDb.get(chunk.trackId) ?? chunk.loudnessDb;
    groups[centre]?.add(chunk, similarity, trackDb);
    whole.add(chunk, centre);
    tracks.add(chunk.trackId);
    if (chunk.atEdge) edges += 1;
  }
  whole.end();
  const clusters = groups.flatMap((group, centre) => (group.chunks === 0 ? [] : [group.describe(centre)]));
  return { centres, clusters, chunks: source.count, tracks: tracks.size, edgeShare: edges / source.count };
}

/** Applause is about 1 % of a library, so groups must be small enough to isolate it. */
function groupsFor(chunks: number): number {
  return Math.min(chunks, groupsMax, Math.max(groupsMin, Math.round(Math.sqrt(2 * chunks))));
}

/** A uniform sample of the chunks. */
function sampleVectors({ count, rows }: ClusterSource, signal: AbortSignal): number[][] {
  const random = randomOf(seed);
  const sample: number[][] = [];
  let left = count;
  for (const { vector } of rows()) {
    signal.throwIfAborted();
    // Selection sampling: exactly as many as wanted. Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
    const wanted = Math.min(count, sampleMax) - sample.length;
    if (random() * left < wanted) sample.push(Array.from(vector));
    left -= 1;
  }
  return sample;
}

function centresOf(sample: number[][], groups: number): Float32Array {
  const { centroids } = kmeans(sample, groups, { seed, maxIterations: iterationsMax, tolerance: 1e-5 });
  return Float32Array.from(centroids.flat());
}

/** Finds the tracks whose music is in one group alone. */
class WholeTracks {
  readonly #onFound: (trackId: number, centre: number) => void;
  readonly #centres = new Set<number>();
  #trackId: number | null = null;

  constructor(onFound: (trackId: number, centre: number) => void) {
    this.#onFound = onFound;
  }

  add({ trackId, ...chunk }: LiveChunk, centre: number): void {
    if (trackId !== this.#trackId) this.end();
    this.#trackId = trackId;
    if (isMusic(chunk)) this.#centres.add(centre);
  }

  end(): void {
    const [only, other] = this.#centres;
    if (this.#trackId !== null && only !== undefined && other === undefined) this.#onFound(this.#trackId, only);
    this.#centres.clear();
  }
}

function isMusic({ kind, marked }: Pick<LiveChunk, 'kind' | 'marked'>): boolean {
  return kind === 'music' && !marked;
}

class Group {
  chunks = 0;
  readonly #examplesMax: number;
  readonly #tracks = new Set<number>();
  readonly #whole: number[] = [];
  #wholeCount = 0;
  #music = 0;
  #rejected = 0;
  #marked = 0;
  #edges = 0;
  #overTrackDb = 0;
  #minSimilarity = Number.POSITIVE_INFINITY;
  #examples: ClusterMember[] = [];

  constructor(examplesMax: number) {
    this.#examplesMax = examplesMax;
  }

  add(chunk: LiveChunk, similarity: number, trackDb: number): void {
    const { trackId, startSec, endSec, loudnessDb } = chunk;
    this.chunks += 1;
    this.#tracks.add(trackId);
    if (isMusic(chunk)) this.#music += 1;
    if (chunk.kind !== 'music') this.#rejected += 1;
    if (chunk.marked) this.#marked += 1;
    if (chunk.atEdge) this.#edges += 1;
    this.#overTrackDb += loudnessDb - trackDb;
    this.#minSimilarity = Math.min(this.#minSimilarity, similarity);
    this.#addExample({ trackId, startSec, endSec, loudnessDb, similarity });
  }

  addWhole(trackId: number): void {
    this.#wholeCount += 1;
    if (this.#whole.length < wholeTracksMax) this.#whole.push(trackId);
  }

  #addExample(member: ClusterMember): void {
    const previous = this.#examples.find(({ trackId }) => trackId === member.trackId);
    if (previous && previous.similarity >= member.similarity) return;
    this.#examples = [...this.#examples.filter((each) => each !== previous), member]
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, this.#examplesMax);
  }

  describe(centre: number): Cluster {
    return {
      centre,
      chunks: this.chunks,
      tracks: this.#tracks.size,
      musicChunks: this.#music,
      wholeTracks: { count: this.#wholeCount, ids: this.#whole },
      rejectedShare: this.#rejected / this.chunks,
      markedShare: this.#marked / this.chunks,
      edgeShare: this.#edges / this.chunks,
      overTrackDb: this.#overTrackDb / this.chunks,
      minSimilarity: this.#minSimilarity,
      examples: this.#examples,
    };
  }
}

/** 32-bit linear congruential generator (Numerical Recipes): [0, 1). */
function randomOf(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
