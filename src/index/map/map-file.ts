/** `map.bin`: where the tracks of a space are on the map, and what is needed to place new ones among them.
 *
 *    "leitmotif map 1\n"
 *    length of the header, uint32; the header, JSON
 *    little-endian columns: mean, basis, centres, landmarks' coordinates and features, coordinates (float32); ids and clusters (uint32)
 *    SHA-256 of all before, 32 bytes
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { corruptIndexFile } from '../../io/corrupt-index.ts';
import { HashedFile, writeAtomically } from '../../io/durable-file.ts';
import type { Features } from './layout.ts';
import type { Projection } from './principal-components.ts';

export interface TrackMap {
  readonly spaceId: string;
  /** How it was made: another recipe makes another map. */
  readonly recipe: string;
  readonly projection: Projection;
  /** Of the clusters. */
  readonly centres: Features;
  /** The tracks that were laid out. */
  readonly landmarks: Features;
  /** Shape [landmarks, 2], in [-1, 1]. */
  readonly landmarksAt: Float32Array;
  readonly trackIds: Uint32Array;
  /** Shape [tracks, 2], in [-1, 1]. */
  readonly at: Float32Array;
  readonly clusters: Uint32Array;
  /** Number of tracks when it was laid out. */
  readonly laidOut: number;
}

const magic = Buffer.from('leitmotif map 1\n');
const hashBytes = 32;
const count = z.int().nonnegative();
const header = z.object({
  ...{ spaceId: z.string(), recipe: z.string(), laidOut: count, dimensions: count, components: count },
  ...{ clusters: count, landmarks: count, tracks: count },
});

export async function writeMap(file: string, map: TrackMap): Promise<void> {
  const { spaceId, recipe, laidOut, projection, centres, landmarks, landmarksAt, trackIds, at, clusters } = map;
  const { components } = projection;
  const head = Buffer.from(
    JSON.stringify({
      ...{ spaceId, recipe, laidOut, dimensions: projection.mean.length, components, tracks: trackIds.length },
      ...{ clusters: centres.values.length / components, landmarks: landmarksAt.length / 2 },
    } satisfies z.infer<typeof header>),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const columns = [
    projection.mean,
    projection.basis,
    centres.values,
    landmarksAt,
    landmarks.values,
    at,
    trackIds,
    clusters,
  ];
  const body = Buffer.concat([
    ...[magic, length, head],
    ...columns.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  ]);
  await writeAtomically(file, async (partial) => {
    const written = await HashedFile.create(partial);
    try {
      await written.write(body);
      await written.write(createHash('sha256').update(body).digest());
      await written.finish();
    } finally {
      await written.abandon();
    }
  });
}

/** @returns null if there is none
 *  @throws {LeitmotifError} `index-corrupt` if it was changed after it was written */
export async function readMap(file: string): Promise<TrackMap | null> {
  const bytes = await readFile(file).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    throw corruptIndexFile(file, 'the file cannot be read', error);
  });
  if (bytes === null) return null;
  const body = bytes.subarray(0, Math.max(0, bytes.length - hashBytes));
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(body.length))) {
    throw corruptIndexFile(file, 'its checksum does not match its content');
  }
  let from = magic.length + 4 + body.readUInt32LE(magic.length);
  const facts = header.parse(JSON.parse(body.toString('utf8', magic.length + 4, from)));
  const take = (values: number): ArrayBuffer => {
    const column = new Uint8Array(body.subarray(from, from + values * 4));
    from += values * 4;
    return column.buffer;
  };
  const { dimensions, components, landmarks, tracks } = facts;
  const floats = (values: number): Float32Array => new Float32Array(take(values));
  const [mean, basis, centres] = [
    floats(dimensions),
    floats(components * dimensions),
    floats(facts.clusters * components),
  ];
  const [landmarksAt, features, at] = [floats(landmarks * 2), floats(landmarks * components), floats(tracks * 2)];
  return {
    ...{ spaceId: facts.spaceId, recipe: facts.recipe, laidOut: facts.laidOut },
    projection: { mean, basis, components },
    centres: { values: centres, width: components },
    landmarks: { values: features, width: components },
    ...{ landmarksAt, at, trackIds: new Uint32Array(take(tracks)), clusters: new Uint32Array(take(tracks)) },
  };
}
