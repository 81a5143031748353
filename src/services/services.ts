/** The services of the application, one for each job. `App` implements it; a caller takes a `Pick` of it. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import type { IndexEngines } from '../index/engine.ts';
import type { GenerationService } from './generations.ts';
import type { IndexingService } from './indexing.ts';
import type { LibraryService } from './libraries.ts';
import type { LiveIndex } from './live-index.ts';
import type { MaintenanceService } from './maintenance.ts';
import type { MapService } from './maps.ts';
import type { QueryService } from './queries.ts';
import type { WorkerService } from './worker.ts';

export interface Services {
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
}
