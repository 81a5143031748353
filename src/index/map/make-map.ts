/** Makes the map of a generation, or adds what is new to an earlier map. Reads the generation only, and takes a minute of
 *  a processor for 100,000 tracks: run it in a process of its own. */
import { setImmediate } from 'node:timers/promises';
import { kmeans } from 'ml-kmeans';
import type { GenerationManifest } from '../manifest.ts';
import { type Features, landmarksMax, layOut, nearestRow, placeBetween } from './layout.ts';
import type { TrackMap } from './map-file.ts';
import { principalComponents, project } from './principal-components.ts';
import { type TrackPlace, TrackVectors, type VectorsInput } from './track-vectors.ts';

export interface MapInput extends VectorsInput {
  /** The map of an earlier generation of the space; null: none. */
  readonly previous: TrackMap | null;
}

export const mapRecipe = 'means, 32 components, UMAP of 10,000, 2';
const components = 32;
/** Vectors from which the components are taken. */
const sampleMax = 4_000;
const clustersMax = 12;
const seed = 7;
/** Of the tracks that were laid out. With more changes, the map is laid out again. */
const changedMax = 0.1;

/** @throws {LeitmotifError} `index-corrupt` about a file or collection, `index-unavailable`; the signal's reason */
export async function makeMap({ previous, ...input }: MapInput): Promise<TrackMap> {
  const { manifest, signal } = input;
  await using vectors = await TrackVectors.open(input);
  const base = canExtend(previous, vectors, manifest.spaceId) ? previous : await layOutAnew(vectors, manifest, signal);
  const known = new Map(Array.from(base.trackIds, (trackId, row) => [trackId, row]));
  const { tracks } = vectors;
  const at = new Float32Array(tracks.length * 2);
  const clusters = new Uint32Array(tracks.length);
  const vector = new Float32Array(vectors.dimensions);
  const feature = new Float32Array(base.projection.components);
  for (const [place, track] of tracks.entries()) {
    const row = known.get(track.trackId);
    if (row !== undefined) {
      at.set(base.at.subarray(row * 2, row * 2 + 2), place * 2);
      clusters[place] = base.clusters[row] ?? 0;
      continue;
    }
    signal.throwIfAborted();
    await vectors.read(track, vector);
    project(vector, base.projection, feature);
    at.set(placeBetween(feature, base.landmarks, base.landmarksAt, track.trackId), place * 2);
    clusters[place] = nearestRow(feature, base.centres);
    await setImmediate();
  }
  return { ...base, trackIds: Uint32Array.from(tracks, ({ trackId }) => trackId), at, clusters };
}

function canExtend(
  previous: TrackMap | null,
  { tracks, dimensions }: TrackVectors,
  spaceId: string,
): previous is TrackMap {
  if (previous?.spaceId !== spaceId || previous.recipe !== mapRecipe) return false;
  if (previous.projection.mean.length !== dimensions || previous.landmarksAt.length === 0) return false;
  const known = new Set(previous.trackIds);
  const added = tracks.filter(({ trackId }) => !known.has(trackId)).length;
  const removed = known.size - (tracks.length - added);
  // Also what was added before: a map that grew by small steps is laid out again in time.
  const grown = Math.abs(tracks.length - previous.laidOut);
  return Math.max(added + removed, grown) <= changedMax * previous.laidOut;
}

/** @returns the landmarks as the only tracks */
async function layOutAnew(vectors: TrackVectors, manifest: GenerationManifest, signal: AbortSignal): Promise<TrackMap> {
  const { tracks, dimensions } = vectors;
  const sample = evenly(tracks, sampleMax);
  const values = new Float32Array(sample.length * dimensions);
  for (const [row, track] of sample.entries()) {
    signal.throwIfAborted();
    await vectors.read(track, values.subarray(row * dimensions, (row + 1) * dimensions));
  }
  const projection = principalComponents(values, dimensions, { components, seed });
  const chosen = evenly(tracks, landmarksMax);
  const landmarks: Features = { values: new Float32Array(chosen.length * components), width: components };
  const vector = new Float32Array(dimensions);
  for (const [row, track] of chosen.entries()) {
    signal.throwIfAborted();
    await vectors.read(track, vector);
    project(vector, projection, landmarks.values.subarray(row * components, (row + 1) * components));
  }
  const landmarksAt = layOut(landmarks);
  const { centres, clusters } = clustersOf(landmarks);
  return {
    ...{ spaceId: manifest.spaceId, recipe: mapRecipe, projection, landmarks, landmarksAt, centres, clusters },
    ...{ trackIds: Uint32Array.from(chosen, ({ trackId }) => trackId), at: landmarksAt, laidOut: tracks.length },
  };
}

function clustersOf({ values, width }: Features): { centres: Features; clusters: Uint32Array } {
  const rows = Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);
  const wanted = Math.min(clustersMax, Math.max(1, Math.round(Math.sqrt(rows.length / 2))));
  if (rows.length <= wanted) return { centres: { values, width }, clusters: Uint32Array.from(rows.keys()) };
  const found = kmeans(rows, wanted, { seed, initialization: 'kmeans++', maxIterations: 50 });
  // The largest first, so that colours stay with what is common.
  const sizes = found.centroids.map((_, cluster) => found.clusters.filter((own) => own === cluster).length);
  const order = [...sizes.keys()].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  return {
    centres: { values: Float32Array.from(order.flatMap((cluster) => found.centroids[cluster] ?? [])), width },
    clusters: Uint32Array.from(found.clusters, (cluster) => order.indexOf(cluster)),
  };
}

function evenly(tracks: readonly TrackPlace[], max: number): readonly TrackPlace[] {
  if (tracks.length <= max) return tracks;
  return Array.from({ length: max }, (_, at) => tracks[Math.floor((at * tracks.length) / max)]).filter(
    (one) => one !== undefined,
  );
}
