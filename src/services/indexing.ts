/** Index runs and their plans; clusters of the library that may not be music, and marks on them. */
import { availableParallelism } from 'node:os';
import type { Catalog } from '../catalog/catalog.ts';
import type { Mark } from '../catalog/marks.ts';
import type { Config } from '../config/config.ts';
import { type ClipsSummary, ClipWriter } from '../indexing/clip-writer.ts';
import { liftMark, type MarkOptions, markClusters } from '../indexing/clusters/marking.ts';
import { type ClusterReview, reviewClusters } from '../indexing/clusters/review-clusters.ts';
import { type DetailedPlan, type IndexPlan, type PlanOptions, planInDetail, planIndex } from '../indexing/plan.ts';
import { progressLog } from '../indexing/progress-log.ts';
import { type IndexRunOptions, runIndex } from '../indexing/run.ts';
import type { IndexSummary } from '../indexing/summary.ts';
import type { GenerationService } from './generations.ts';
import { indexPathsOf } from './index-paths.ts';
import type { LibraryService } from './libraries.ts';
import type { LiveIndex } from './live-index.ts';
import type { ProgramContext } from './program-context.ts';
import { clipLimitsOf } from './queries.ts';
import type { WorkerService } from './worker.ts';

export type IndexRequest = Pick<
  IndexRunOptions,
  | 'library'
  | 'signal'
  | 'onProgress'
  | 'onClipsEstimated'
  | 'retryFailed'
  | 'allowEmpty'
  | 'replaceLibrary'
  | 'embedAgainBeforeMs'
>;

export interface IndexingServiceParts {
  readonly config: Config;
  readonly context: ProgramContext;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly libraries: LibraryService;
  readonly generations: GenerationService;
  readonly liveIndex: LiveIndex;
}

export class IndexingService {
  readonly #parts: IndexingServiceParts;

  constructor(parts: IndexingServiceParts) {
    this.#parts = parts;
  }

  /** Indexes what has changed, and builds a new generation if its content changed. */
  async index(request: IndexRequest): Promise<IndexSummary> {
    const { config, context, catalog, worker, generations, liveIndex } = this.#parts;
    const logProgress = progressLog((figures, words) => context.log.info(figures, words));
    const summary = await runIndex({
      ...request,
      onProgress: (progress) => {
        logProgress(progress);
        request.onProgress?.(progress);
      },
      catalog,
      generations: generations.store,
      spaceId: await worker.spaceId(),
      concurrency: await worker.indexingConcurrency(),
      embed: (file, options) => worker.embed(file, options),
      lockPath: indexPathsOf(config).lock,
      includeNonMusic: config.includeNonMusic,
      ...this.#clips(),
    });
    if (summary.generation.kind === 'written') await liveIndex.follow(request.signal);
    return summary;
  }

  /** The plan of {@link index} with all names. Writes nothing. @see planInDetail */
  async plan(request: IndexRequest): Promise<DetailedPlan> {
    return planInDetail({ ...request, ...(await this.#planParts()) });
  }

  /** The plan of {@link index} in numbers. Writes nothing. */
  async planIndex(request: Omit<PlanOptions, 'catalog' | 'spaceId' | 'clips'>): Promise<IndexPlan> {
    return planIndex({ ...request, ...(await this.#planParts()) });
  }

  /** Deletes the stored clips of recordings that no longer exist. */
  async tidyClips(signal: AbortSignal): Promise<ClipsSummary | null> {
    const { clips } = this.#clips();
    await clips?.removeUnwanted(signal);
    return clips?.summary ?? null;
  }

  /** The library's chunks in groups, the most suspicious first. */
  async clusters(signal: AbortSignal): Promise<ClusterReview> {
    const { config, context, catalog, libraries, worker } = this.#parts;
    return reviewClusters({
      catalog,
      library: libraries.current(),
      spaceId: await worker.spaceId(),
      limits: clipLimitsOf(config, context),
      concurrency: availableParallelism(),
      signal,
    });
  }

  /** Removes clusters from all answers. @see markClusters */
  async markClusters(clusterIds: readonly number[], signal: AbortSignal, options: MarkOptions = {}): Promise<Mark[]> {
    return markClusters(await this.#parts.generations.update(signal), clusterIds, options);
  }

  /** @see liftMark */
  async liftMark(markId: number, signal: AbortSignal): Promise<Mark> {
    return liftMark(await this.#parts.generations.update(signal), markId);
  }

  async #planParts() {
    const { catalog, worker } = this.#parts;
    return { catalog, spaceId: await worker.spaceId(), ...this.#clips() };
  }

  #clips(): { readonly clips?: ClipWriter } {
    const { config, context, catalog, libraries } = this.#parts;
    const store = libraries.clipStore;
    if (store === null) return {};
    const limits = clipLimitsOf(config, context);
    const { clips: dir } = indexPathsOf(config);
    return { clips: new ClipWriter({ catalog, store, limits, windowSec: config.windowSec, dir }) };
  }
}
