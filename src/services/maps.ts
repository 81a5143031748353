/** The maps of the library: one a space, made from the generation that answers, and kept beside the generations. Everything here comes
 *  back from the generation when it is deleted. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import type { IndexEngines } from '../index/engine.ts';
import { currentManifest, engineFor } from '../index/generation.ts';
import { spaceFolder } from '../index/generation-folder.ts';
import { readMap, type TrackMap, writeMap } from '../index/map/map-file.ts';
import { HashedFile, writeAtomically } from '../io/durable-file.ts';
import { mapFolder } from './index-paths.ts';
import type { WorkerService } from './worker.ts';

export interface MapServiceParts {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly engines: IndexEngines;
}

/** What clients get: columns, one value a track. */
export interface MapView {
  readonly generation: string;
  readonly ids: readonly number[];
  /** 0 to 65,535 */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly cluster: readonly number[];
  /** Index into `artists`; -1: none. */
  readonly artist: readonly number[];
  readonly album: readonly number[];
  readonly artists: readonly string[];
  readonly albums: readonly string[];
}

const coordinateMax = 65_535;

export class MapService {
  readonly #parts: MapServiceParts;

  constructor(parts: MapServiceParts) {
    this.#parts = parts;
  }

  /** The map to send, as gzipped JSON.
   *  @returns `file` null if it was not made yet. `isCurrent`: whether it shows the library as it is
   *  @throws {LeitmotifError} as currentManifest */
  async find(): Promise<{ file: string | null; isCurrent: boolean }> {
    const { folder, name } = await this.#place();
    const names = await viewsIn(folder);
    const found = names.includes(name) ? name : names.at(-1);
    return { file: found === undefined ? null : path.join(folder, found), isCurrent: found === name };
  }

  /** Makes what is missing. Takes up to minutes of a processor, without a pause: call it in a process of its own.
   *  @throws {LeitmotifError} as currentManifest, engineFor and makeMap; `disk-full` */
  async update(signal: AbortSignal): Promise<void> {
    const { config, catalog, engines } = this.#parts;
    const { folder, name, spaceId, manifest } = await this.#place();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, 'map.bin');
    // A damaged map is made again.
    const previous = await readMap(file).catch(() => null);
    const generation = path.join(spaceFolder(config.indexDir, spaceId), manifest.id);
    const engine = engineFor(manifest, engines);
    // Loads k-means and UMAP, a quarter of what a program would otherwise load at its start.
    const { makeMap } = await import('../index/map/make-map.ts');
    const map = await makeMap({ engine, folder: generation, manifest, previous, signal });
    await writeMap(file, map);
    const view = JSON.stringify(viewOf(map, manifest.id, catalog));
    const packed = await promisify(gzip)(view);
    await writeAtomically(path.join(folder, name), async (partial) => {
      const written = await HashedFile.create(partial);
      try {
        await written.write(packed);
        await written.finish();
      } finally {
        await written.abandon();
      }
    });
    for (const old of await viewsIn(folder)) if (old !== name) await rm(path.join(folder, old), { force: true });
  }

  /** Both the generation and the catalog's live tracks are in the name: a removed track leaves the map. */
  async #place() {
    const { config, catalog, worker } = this.#parts;
    const spaceId = await worker.spaceId();
    const manifest = await currentManifest({ indexDir: config.indexDir, catalogId: catalog.id, spaceId });
    const revision = catalog.spaces.get(spaceId)?.revision ?? 0;
    return { spaceId, manifest, folder: mapFolder(config, spaceId), name: `view-${manifest.id}-${revision}.json.gz` };
  }
}

/** Oldest first. */
async function viewsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^view-.*\.json\.gz$/.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(path.join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  );
  return aged.sort((a, b) => a.atMs - b.atMs).map(({ name }) => name);
}

function viewOf({ trackIds, at, clusters }: TrackMap, generation: string, catalog: Catalog): MapView {
  const tracks = catalog.tracks.byIds(trackIds);
  const shown = [...trackIds.keys()].filter((row) => tracks.get(trackIds[row] ?? 0)?.status === 'indexed');
  const column = (of: (row: number) => number): number[] => shown.map(of);
  const names = (of: 'artist' | 'album') => {
    const known = new Map<string, number>();
    const values = column((row) => {
      const name = tracks.get(trackIds[row] ?? 0)?.[of] ?? null;
      if (name === null) return -1;
      if (!known.has(name)) known.set(name, known.size);
      return known.get(name) ?? -1;
    });
    return { values, names: [...known.keys()] };
  };
  const [artists, albums] = [names('artist'), names('album')];
  const scaled = (value: number | undefined): number => Math.round((((value ?? 0) + 1) / 2) * coordinateMax);
  return {
    generation,
    ids: column((row) => trackIds[row] ?? 0),
    x: column((row) => scaled(at[row * 2])),
    y: column((row) => scaled(at[row * 2 + 1])),
    cluster: column((row) => clusters[row] ?? 0),
    ...{ artist: artists.values, album: albums.values, artists: artists.names, albums: albums.names },
  };
}
