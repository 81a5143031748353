/** An open generation: its manifest, its rows, and its index processes. */
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import type { LibrarySize } from '../ranking/fusion.ts';
import { Hubness } from '../ranking/hubs.ts';
import type { FoundNeighbour } from '../ranking/rank-by-parts.ts';
import { engineOf, type IndexEngine, type IndexEngines, type OpenIndexOptions } from './engine.ts';
import { faissEngine } from './faiss-engine.ts';
import { exists, generationsFolder, indexedSpaces, readCurrent, spaceFolder } from './generation-folder.ts';
import { type GenerationManifest, liveRowCount, manifestName, readManifest } from './manifest.ts';
import { IndexedRows } from './rows-file.ts';
import { readTracks } from './tracks-file.ts';
import type { OpenIndex } from './vector-index.ts';

export interface GenerationPlace {
  readonly indexDir: string;
  readonly spaceId: string;
  readonly catalogId: string;
}

export interface OpenGenerationOptions extends GenerationPlace, OpenIndexOptions {
  /** Default: FAISS alone. */
  readonly engines?: IndexEngines | undefined;
}

export interface OpenGeneration {
  readonly manifest: GenerationManifest;
  readonly rows: IndexedRows;
  readonly index: OpenIndex;
  readonly library: LibrarySize;
  /** Of each part; null if the generation was written without it. */
  readonly hubness: readonly Hubness[] | null;
}

/** The manifest of the current generation, checked against the requested space and catalog.
 *
 *  @throws {LeitmotifError} `index-empty` if nothing was indexed yet; `space-mismatch` if only other spaces were;
 *          `index-corrupt` if CURRENT or the manifest is damaged or belongs to another catalog
 */
export async function currentManifest({ indexDir, spaceId, catalogId }: GenerationPlace): Promise<GenerationManifest> {
  const folder = spaceFolder(indexDir, spaceId);
  const [id] = await readCurrent(folder);
  if (id === undefined) throw await noGeneration(indexDir, spaceId);
  const file = path.join(folder, id, manifestName);
  if (!(await exists(file))) {
    throw corruptIndexFile(path.join(folder, 'CURRENT'), `it names the generation "${id}", which is not there`);
  }
  const manifest = await readManifest(file);
  if (manifest.spaceId !== spaceId) throw spaceMismatch(spaceId, [manifest.spaceId]);
  if (manifest.id !== id) throw corruptIndexFile(file, `it is the manifest of another generation, "${manifest.id}"`);
  if (manifest.catalogId !== catalogId) {
    throw corruptIndexFile(file, `it was built from another catalog (${manifest.catalogId}, this one is ${catalogId})`);
  }
  return manifest;
}

/** Opens the current generation: every file is checked against its checksum before FAISS reads it.
 *  @throws {LeitmotifError} as currentManifest, and `index-unavailable` */
export async function openCurrent(options: OpenGenerationOptions): Promise<OpenGeneration> {
  return openGeneration(await currentManifest(options), options);
}

/** @throws {LeitmotifError} `index-corrupt`, naming the file, or `index-unavailable` */
export async function openGeneration(
  manifest: GenerationManifest,
  options: OpenGenerationOptions,
): Promise<OpenGeneration> {
  const folder = path.join(spaceFolder(options.indexDir, manifest.spaceId), manifest.id);
  const rows = await IndexedRows.read(path.join(folder, manifest.rows.file), manifest.rowCount, manifest.rows);
  const { hubs, rowCount } = manifest;
  const readHubs = hubs?.map((hub) => Hubness.read(path.join(folder, hub.file), rowCount, hub));
  const hubness = readHubs ? await Promise.all(readHubs) : null;
  const tracks =
    manifest.base && manifest.tracks
      ? await readTracks(path.join(folder, manifest.tracks.file), manifest.tracks)
      : null;
  const index = await engineFor(manifest, options.engines).open(manifest, folder, options);
  const counts = tracks && new Map(tracks.map((track) => [track.trackId, track.rowCount]));
  const chunksOf = (trackId: number): number => (counts ? (counts.get(trackId) ?? 0) : rows.chunksOf(trackId));
  const library = { chunks: liveRowCount(manifest), chunksOf };
  return { manifest, rows, index, library, hubness };
}

/** The engine that has the vectors of a generation.
 *  @throws {LeitmotifError} `config-invalid` if this program is not configured for it */
export function engineFor(manifest: GenerationManifest, engines: IndexEngines | undefined): IndexEngine {
  if (engineOf(manifest) === 'faiss') return engines?.faiss ?? faissEngine;
  if (engines?.milvus) return engines.milvus;
  throw new LeitmotifError(
    'config-invalid',
    `Cannot open generation ${manifest.id}: its vectors are in Milvus, and VECTOR_INDEX names no Milvus server. Set ` +
      'VECTOR_INDEX, or move the index to this machine: npm run library -- migrate --to faiss',
  );
}

/** The chunks that are among the k nearest of each vector in any part, as VectorIndex.search promises. */
export async function nearestChunks(
  { index, rows, hubness }: OpenGeneration,
  vectors: readonly Float32Array[],
  k: number,
  signal: AbortSignal,
): Promise<FoundNeighbour[][]> {
  const found = await index.search(vectors, k, { signal });
  return found.map((neighbours) =>
    neighbours.map((neighbour) => ({
      ...neighbour,
      chunk: rows.chunk(neighbour.row),
      ...(hubness === null ? {} : { hubness: hubness.map((part) => part.at(neighbour.row)) }),
    })),
  );
}

async function noGeneration(indexDir: string, spaceId: string): Promise<LeitmotifError> {
  const others = await indexedSpaces(indexDir);
  if (others.length > 0) return spaceMismatch(spaceId, others);
  const where = generationsFolder(indexDir);
  return new LeitmotifError('index-empty', `Nothing is indexed yet in ${where}: \`npm run index -- DIR\` does it`);
}

function spaceMismatch(wanted: string, found: readonly string[]): LeitmotifError {
  const there = found.map((space) => `"${space}"`).join(', ');
  return new LeitmotifError(
    'space-mismatch',
    `Cannot search with vectors of the space "${wanted}": the index is of ${there}. ` +
      '`npm run index -- DIR` indexes the library in the new space; the model of the old space still finds it',
  );
}
