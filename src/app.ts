/** Builds the services and closes them. The only place that constructs; nothing starts before it is used. */
import { Catalog } from './catalog/catalog.ts';
import type { Config } from './config/config.ts';
import type { IndexEngines } from './index/engine.ts';
import { BackendLink } from './services/backend-link.ts';
import { GenerationService } from './services/generations.ts';
import { indexEnginesOf } from './services/index-engines.ts';
import { indexPathsOf, makeIndexDir } from './services/index-paths.ts';
import { IndexingService } from './services/indexing.ts';
import { LibraryService } from './services/libraries.ts';
import { LiveIndex } from './services/live-index.ts';
import { MaintenanceService } from './services/maintenance.ts';
import { MapService } from './services/maps.ts';
import type { OwnWorker } from './services/own-worker.ts';
import type { ProgramContext } from './services/program-context.ts';
import { QueryService } from './services/queries.ts';
import type { Services } from './services/services.ts';
import { WorkerService } from './services/worker.ts';

/** @param ownWorker a worker of this program that is already starting; null: it starts when it is needed */
export async function buildApp(
  config: Config,
  context: ProgramContext,
  ownWorker: OwnWorker | null = null,
): Promise<App> {
  await makeIndexDir(config);
  return new App(config, context, ownWorker);
}

export class App implements Services, AsyncDisposable {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly libraries: LibraryService;
  readonly engines: IndexEngines;
  readonly generations: GenerationService;
  readonly liveIndex: LiveIndex;
  readonly queries: QueryService;
  readonly indexing: IndexingService;
  readonly maintenance: MaintenanceService;
  readonly maps: MapService;
  readonly #backend: BackendLink | null;

  constructor(config: Config, context: ProgramContext, ownWorker: OwnWorker | null) {
    const { catalogBusyTimeoutMs: busyTimeoutMs, backendSocket } = context;
    this.config = config;
    this.catalog = new Catalog(indexPathsOf(config).catalog, busyTimeoutMs === undefined ? {} : { busyTimeoutMs });
    this.#backend = backendSocket === undefined ? null : new BackendLink(backendSocket);
    this.worker = new WorkerService(config, context, { backend: this.#backend, ownWorker });
    this.libraries = new LibraryService(config, this.catalog);
    this.engines = indexEnginesOf(config, this.#backend);
    this.generations = new GenerationService(config, this.catalog, this.worker, this.engines);
    const base = { config, context, catalog: this.catalog, worker: this.worker, libraries: this.libraries };
    const engines = this.engines;
    const generations = this.generations;
    this.liveIndex = new LiveIndex({ ...base, generations, engines });
    this.queries = new QueryService({ ...base, liveIndex: this.liveIndex });
    this.indexing = new IndexingService({ ...base, generations, liveIndex: this.liveIndex });
    this.maintenance = new MaintenanceService({ ...base, generations, engines, answerFiles: this.queries.answerFiles });
    this.maps = new MapService({ ...base, engines });
  }

  async close(): Promise<void> {
    await this.liveIndex.close();
    await this.engines.milvus?.close();
    await this.worker.close();
    await this.#backend?.close();
    await this.queries.close();
    await this.libraries.close();
    this.catalog.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
