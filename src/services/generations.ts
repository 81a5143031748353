/** Builds generations from the catalog. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import type { IndexEngines } from '../index/engine.ts';
import type { MarkUpdate } from '../indexing/clusters/marking.ts';
import { FolderGenerations } from '../indexing/folder-generations.ts';
import { IndexLock } from '../indexing/lock.ts';
import { type GenerationOutcome, rebuildGeneration, updateGeneration } from '../indexing/update-generation.ts';
import { indexPathsOf } from './index-paths.ts';
import type { WorkerService } from './worker.ts';

export class GenerationService {
  readonly store: FolderGenerations;
  readonly #config: Config;
  readonly #catalog: Catalog;
  readonly #worker: WorkerService;

  constructor(config: Config, catalog: Catalog, worker: WorkerService, engines: IndexEngines) {
    this.#config = config;
    this.#catalog = catalog;
    this.#worker = worker;
    this.store = new FolderGenerations({
      indexDir: config.indexDir,
      catalogId: catalog.id,
      shardsMax: config.indexShards,
      hubs: config.hubCorrection,
      engines,
    });
  }

  /** The arguments of `updateGeneration` for the configured space. */
  async update(signal: AbortSignal): Promise<MarkUpdate> {
    return {
      catalog: this.#catalog,
      generations: this.store,
      spaceId: await this.#worker.spaceId(),
      includeNonMusic: this.#config.includeNonMusic,
      lockPath: indexPathsOf(this.#config).lock,
      signal,
    };
  }

  /** Builds a generation from the catalog, unless the current one is intact and up to date.
   *  @throws {LeitmotifError} 'index-locked' during an index run, which builds one at its end */
  async rebuild(signal: AbortSignal): Promise<GenerationOutcome> {
    return rebuildGeneration(await this.update(signal));
  }

  /** As {@link rebuild}, for every space in the catalog. */
  async rebuildAll(signal: AbortSignal): Promise<GenerationOutcome[]> {
    const update = await this.update(signal);
    using _lock = new IndexLock(update.lockPath);
    const outcomes: GenerationOutcome[] = [];
    for (const { spaceId } of this.#catalog.spaces.list())
      outcomes.push(await updateGeneration({ ...update, spaceId }));
    return outcomes;
  }
}
