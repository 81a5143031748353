/** The only place that constructs: a configuration in, the program's jobs out. Nothing starts before it is needed. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { fingerprintItemSec } from './audio/fingerprint.ts';
import type { AudioLimits } from './audio/limits.ts';
import { Catalog } from './catalog/catalog.ts';
import type { Mark } from './catalog/marks.ts';
import type { Config } from './config/config.ts';
import { parseAzure } from './config/library-location.ts';
import type { EmbeddedRecording } from './domain.ts';
import { EmbeddingClient } from './embedding/client.ts';
import { type LocalWorker, startLocalWorker } from './embedding/local-worker.ts';
import { type Embedder, WorkerPool } from './embedding/worker-pool.ts';
import { LeitmotifError, toLeitmotifError } from './errors.ts';
import { type ExportOptions, type ExportSummary, exportIndex } from './exchange/export-index.ts';
import { type ImportOptions, type ImportSpace, type ImportSummary, importIndex } from './exchange/import-index.ts';
import { kindsWithoutMusic } from './format.ts';
import { indexedSpaces } from './index/generation-folder.ts';
import { IndexHost } from './index/index-host.ts';
import { ClipKeeper, type ClipsSummary } from './indexing/clip-keeper.ts';
import { liftMark, type MarkUpdate, markClusters } from './indexing/clusters/marking.ts';
import { type ClusterReview, reviewClusters } from './indexing/clusters/review-clusters.ts';
import { FaissGenerations } from './indexing/faiss-generations.ts';
import { IndexLock } from './indexing/lock.ts';
import { type DetailedPlan, type IndexPlan, type PlanOptions, planInDetail, planIndex } from './indexing/plan.ts';
import { progressLog } from './indexing/progress-log.ts';
import { type IndexRunOptions, runIndex } from './indexing/run.ts';
import type { IndexSummary } from './indexing/summary.ts';
import { type GenerationOutcome, rebuildGeneration, updateGeneration } from './indexing/update-generation.ts';
import { makePrivateFolder, makePrivateSync } from './io/private-files.ts';
import type { AzureParts } from './library/azure/azure-library.ts';
import { AzureBackups } from './library/azure/backups.ts';
import { AzureAccounts } from './library/azure/client.ts';
import type { BackupStore } from './library/backup-store.ts';
import type { ClipStore } from './library/clip-store.ts';
import type { Library, LocalFile } from './library/library.ts';
import { accountsIn, openClipStore, openLibrary } from './library/open-library.ts';
import { RangeServer } from './library/range-server.ts';
import { Spool } from './library/spool.ts';
import { type Backup, backUpCatalog, backupsIn } from './maintenance/backup.ts';
import { FolderBackups } from './maintenance/folder-backups.ts';
import { type Restored, restoreCatalog } from './maintenance/restore.ts';
import { type TidyReport, tidy } from './maintenance/tidy.ts';
import { type Finding, verifyIndex } from './maintenance/verify.ts';
import { AnswerFiles } from './media/answer-files.ts';
import {
  type ClipParts,
  cutAnswerClips,
  cutResultClips,
  cutTheirClips,
  type ResultClips,
  type ResultClipsOptions,
} from './media/clips.ts';
import { type Media, mediaHere } from './media/media.ts';
import { MediaThread } from './media/media-thread.ts';
import { renderPicture } from './media/picture.ts';
import type { PictureWords } from './media/picture-words.ts';
import { downloadableModels } from './models/catalogue.ts';
import { storedToken } from './models/download/hub.ts';
import { findModel, spaceIdOfModel } from './models/manifest.ts';
import { Models } from './models/models.ts';
import { modelsOfSpaces } from './models/models-of-spaces.ts';
import type { Answer, Result } from './query/answer.ts';
import { findByWords, type WordsAnswer, type WordsRequest } from './query/find-by-words.ts';
import { findSimilar, type HeardQuery, type QueryRequest } from './query/find-similar.ts';

export interface AppSurroundings {
  /** The project's folder. */
  readonly root: string;
  /** What children get of the environment: PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** How long a write may hold the thread when another process writes the catalog. A program that answers people waits
   *  little and tries again; unset: the catalog's own patience. */
  readonly catalogBusyTimeoutMs?: number;
  /** Added to the niceness of the worker and the index processes, so that they leave the asking thread its turn. */
  readonly niceness?: number;
  /** How often it is looked whether another generation answers, built by another process or rolled back to, also while
   *  nobody asks; unset: when somebody asks. */
  readonly lookForIndexEachMs?: number;
  /** Told what is being waited for, in a sentence, while the worker takes its time to start; unset: the log is told. */
  readonly onWaiting?: (words: string) => void;
  /** Cuts clips and draws pictures in a thread of its own, so that this one is always free. */
  readonly mediaThread?: boolean;
}

/** Loading a model takes from 0.3 s (built-in) to a minute (hundreds of megabytes from a cold disk); and up to two GPUs are
 *  given 90 s each before the CPU is taken. */
const workerStartTimeoutMs = 300_000;
/** An endpoint that is scaled to zero is waited for, for minutes, before the worker says that it did not come. */
const coldStartTimeoutMs = 400_000;

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

export interface BackupRequest {
  readonly to?: string;
  readonly keep?: number;
  readonly signal: AbortSignal;
}

export interface ImportRequest extends Omit<ImportOptions, 'catalog' | 'spaceFor' | 'noFingerprint'> {
  readonly assumeModel: boolean;
}

export async function buildApp(config: Config, surroundings: AppSurroundings): Promise<App> {
  await makeIndexDir(config);
  return new App(config, surroundings);
}

/** Folders that earlier versions made for all to read are closed. */
async function makeIndexDir({ indexDir }: Config): Promise<void> {
  await makePrivateFolder(indexDir);
  for (const name of ['answers', 'spool', 'backups']) makePrivateSync(path.join(indexDir, name));
}

function shippedModelsDir(root: string): string {
  return path.join(root, 'embedding-worker', 'models');
}

/** What `npm run models` works with; it needs neither catalog nor worker. */
export async function buildModels({ modelsDir, hub }: Config, root: string): Promise<Models> {
  const { endpoint, offline, home, proxy } = hub;
  return new Models({
    shippedDir: shippedModelsDir(root),
    modelsDir,
    catalogue: downloadableModels,
    hub: { endpoint, token: hub.token ?? (await storedToken(home)), offline, cacheDir: path.join(home, 'hub'), proxy },
  });
}

/** Puts a backup in the catalog's place and builds from it what answers. Needs no App, since the catalog that is there may
 *  be damaged beyond opening. Programs that have it open go on with the restored one.
 *  @param backup a file, or azure://account/container/prefix/name, or the name of one that lies where BACKUPS says
 *  @throws {LeitmotifError} as restoreCatalog and the store, and 'index-locked' while an index run is under way */
export async function restoreBackup(
  config: Config,
  surroundings: AppSurroundings,
  backup: string,
  signal: AbortSignal,
): Promise<Restored & { readonly generations: readonly GenerationOutcome[] }> {
  await makeIndexDir(config);
  const catalogPath = catalogPathOf(config);
  const here = new FolderBackups(path.join(config.indexDir, 'backups'));
  const saveBefore = async () => {
    using catalog = new Catalog(catalogPath);
    const saved = { catalog, store: here, workDir: workDirOf(config), keep: null, now: new Date(), signal };
    return (await backUpCatalog(saved)).location.slice('file:'.length);
  };
  let restored: Restored;
  {
    using _lock = new IndexLock(lockPathOf(config));
    await using file = await backupAtHand(config, backup, signal);
    restored = await restoreCatalog(file.path, catalogPath, new Date(), saveBefore);
  }
  await using app = await buildApp(config, surroundings);
  return { ...restored, generations: await app.rebuildAll(signal) };
}

/** A backup as a file of this machine, fetched first if it lies elsewhere. */
async function backupAtHand(config: Config, backup: string, signal: AbortSignal): Promise<LocalFile> {
  const file = path.resolve(backup.replace(/^file:/, ''));
  const isElsewhere = backup.startsWith('azure:') || (!existsSync(file) && path.basename(backup) === backup);
  if (!isElsewhere) return { path: file, [Symbol.asyncDispose]: async () => {} };
  const slash = backup.lastIndexOf('/');
  const store = slash < 0 ? openBackups(config) : openBackups(config, backup.slice(0, slash));
  await makePrivateFolder(workDirOf(config));
  const folder = await mkdtemp(path.join(workDirOf(config), 'restore-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const fetched = path.join(folder, 'backup.sqlite');
    await store.fetch(backup.slice(slash + 1), fetched, { signal });
    return { path: fetched, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Where backups lie; unset: where BACKUPS says. */
function openBackups(config: Config, location: string = config.keeping.backups): BackupStore {
  if (!location.startsWith('azure:')) return new FolderBackups(location.replace(/^file:/, ''));
  return new AzureBackups(parseAzure(location), azureAccounts(config, [location]));
}

/** A key that does not say whose it is must go to no other account: all that are named are counted. */
function azureAccounts({ azure, library, clips, keeping }: Config, named: readonly string[]): AzureAccounts {
  const all = [...named, library, clips, keeping.backups].filter((each) => each !== undefined);
  return new AzureAccounts(azure, accountsIn(all));
}

function workDirOf({ indexDir }: Config): string {
  return path.join(indexDir, 'spool', 'backups');
}

function catalogPathOf({ indexDir }: Config): string {
  return path.join(indexDir, 'catalog.sqlite');
}

function lockPathOf({ indexDir }: Config): string {
  return path.join(indexDir, 'index.lock');
}

export class App implements AsyncDisposable {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly answerFiles: AnswerFiles;
  /** Null where clips are not stored. */
  readonly clipStore: ClipStore | null;
  readonly #surroundings: AppSurroundings;
  readonly #media: Media;
  readonly #generations: FaissGenerations;
  readonly #libraries = new Map<string, Library>();
  readonly #spool: Spool;
  readonly #ranges = new RangeServer();
  #worker: Promise<LocalWorker> | null = null;
  #client: Promise<Embedder> | null = null;
  #spaceId: Promise<string> | null = null;
  #index: IndexHost | null = null;
  readonly #closing = new AbortController();
  #refreshing: Promise<void> | null = null;
  #refreshFailure: string | null = null;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(config: Config, surroundings: AppSurroundings) {
    this.config = config;
    this.#surroundings = surroundings;
    const { catalogBusyTimeoutMs } = surroundings;
    this.catalog = new Catalog(
      catalogPathOf(config),
      catalogBusyTimeoutMs === undefined ? {} : { busyTimeoutMs: catalogBusyTimeoutMs },
    );
    this.#media = surroundings.mediaThread ? new MediaThread() : mediaHere;
    this.answerFiles = new AnswerFiles(path.join(config.indexDir, 'answers'), this.#media);
    const { clips } = config;
    this.#spool = new Spool({ dir: path.join(config.indexDir, 'spool', 'fetched'), bytesMax: config.spoolBytesMax });
    this.clipStore = clips === undefined ? null : openClipStore(clips, this.#azureFor(clips));
    this.#generations = new FaissGenerations({
      indexDir: config.indexDir,
      catalogId: this.catalog.id,
      shardsMax: config.indexShards,
      hubs: config.hubCorrection,
    });
  }

  /** The space that the configured model embeds into: read from the model beside us, or asked of the worker elsewhere. */
  spaceId(): Promise<string> {
    this.#spaceId ??= orAgain(this.#isRemote ? this.#spaceIdOfWorker() : this.#spaceIdHere(), () => {
      this.#spaceId = null;
    });
    return this.#spaceId;
  }

  /** Indexes what has changed, and makes a new generation if there is anything new for it. */
  async index(request: IndexRequest): Promise<IndexSummary> {
    const { includeNonMusic } = this.config;
    const { log } = this.#surroundings;
    const tellLog = progressLog((figures, words) => log.info(figures, words));
    const summary = await runIndex({
      ...request,
      onProgress: (progress) => {
        tellLog(progress);
        request.onProgress?.(progress);
      },
      catalog: this.catalog,
      generations: this.#generations,
      spaceId: await this.spaceId(),
      concurrency: await this.#indexingConcurrency(),
      embed: async (file, options) => (await this.client(options.signal)).embed(file, options),
      lockPath: this.#lockPath,
      includeNonMusic,
      ...this.#clips(),
    });
    await this.#followOwn(summary.generation, request.signal);
    return summary;
  }

  /** What `index` would do, with every name. Writes nothing. @see planInDetail */
  async plan(request: IndexRequest): Promise<DetailedPlan> {
    return planInDetail({ ...request, catalog: this.catalog, spaceId: await this.spaceId(), ...this.#clips() });
  }

  /** Whoever built a generation is answered from it. */
  async #followOwn({ kind }: GenerationOutcome, signal: AbortSignal): Promise<void> {
    if (kind === 'written' && this.#index?.current()) await this.#openNewest(signal);
  }

  /** What an index run would do. Writes nothing. */
  async planIndex(request: Omit<PlanOptions, 'catalog' | 'spaceId' | 'clips'>): Promise<IndexPlan> {
    return planIndex({ ...request, catalog: this.catalog, spaceId: await this.spaceId(), ...this.#clips() });
  }

  /** Deletes the stored clips of recordings that are no more. */
  async tidyClips(signal: AbortSignal): Promise<ClipsSummary | null> {
    const { clips } = this.#clips();
    await clips?.removeUnwanted(signal);
    return clips?.summary ?? null;
  }

  #clips(): { readonly clips?: ClipKeeper } {
    const { indexDir, windowSec } = this.config;
    const store = this.clipStore;
    if (store === null) return {};
    const dir = path.join(indexDir, 'spool', 'clips');
    return { clips: new ClipKeeper({ catalog: this.catalog, store, limits: this.clipLimits, windowSec, dir }) };
  }

  /** Asks the library. An index that is missing or damaged while the catalog is whole is built again first.
   *  @param request with `heard`, the query as it was embedded before, nothing is decoded and `path` is not read */
  async similar(request: SimilarRequest): Promise<Answer> {
    const { heard, onHeard } = request;
    const index = await this.openIndex(request.signal);
    const hear = async (asked: QueryRequest): Promise<HeardQuery> => {
      if (heard) return { ...heard, timingsMs: { decode: 0, embed: 0 } };
      const recording = await this.#hear(asked, request.onProgress);
      onHeard?.(recording);
      return recording;
    };
    return findSimilar({ hear, index, catalog: this.catalog }, request);
  }

  /** Asks the library with words.
   *  @throws {LeitmotifError} model-without-text where the configured model knows none, saying what to do */
  byWords(request: WordsRequest): Promise<WordsAnswer> {
    const read = async (text: string, signal: AbortSignal) => {
      const { spaceId, vectors } = await (await this.client(signal)).embedTexts([text], { signal });
      const expected = await this.spaceId();
      if (spaceId === expected && vectors[0]) return { spaceId, vector: vectors[0] };
      throw new LeitmotifError('space-mismatch', `Cannot search ${expected} with words of ${spaceId}`);
    };
    return findByWords({ read, openIndex: (signal) => this.openIndex(signal), catalog: this.catalog }, request);
  }

  /** The clips of one result; unlike `clips`, also when only extracts of the query are left. */
  resultClips(answer: Answer, result: Result, options: Omit<ResultClipsOptions, 'limits'>): Promise<ResultClips> {
    return cutResultClips(answer, result, this.#clipParts, { ...options, limits: this.clipLimits });
  }

  /** The pieces' own windows of several results, sooner than all clips of each. */
  theirClips(
    answer: Answer,
    results: readonly Result[],
    options: { readonly dir: string; readonly signal: AbortSignal },
  ) {
    return cutTheirClips(answer, results, this.#clipParts, { ...options, limits: this.clipLimits });
  }

  /** The match picture, as PNG. */
  picture(answer: Answer, words: PictureWords, results?: readonly Result[]): Promise<Uint8Array> {
    return renderPicture(answer, { words, media: this.#media, ...(results ? { results } : {}) });
  }

  get #clipParts(): ClipParts {
    return { media: this.#media, catalog: this.catalog, library: this.library(), clipStore: this.clipStore };
  }

  /** For whoever cuts clips in this process. */
  get clipLimits(): AudioLimits {
    return { ...this.config.audioLimits, niceness: this.#surroundings.niceness ?? 0 };
  }

  /** Cuts the clips of an answer into a folder. */
  clips(answer: Answer, where: { readonly queryPath: string; readonly dir: string; readonly signal: AbortSignal }) {
    return cutAnswerClips(answer, this.#clipParts, {
      ...where,
      limits: this.clipLimits,
      concurrency: availableParallelism(),
    });
  }

  /** The live index. One that is open answers at once, while a newer generation is opened behind it: that takes seconds,
   *  and nobody's question should wait for it.
   *  @param options.newest waits for that
   *  @throws {LeitmotifError} 'index-empty' when nothing was ever indexed in this space */
  async openIndex(signal: AbortSignal, { newest = false }: { newest?: boolean } = {}): Promise<IndexHost> {
    const open = this.#index;
    if (!open?.current() || newest) return this.#openNewest(signal);
    this.#refresh();
    return open;
  }

  /** Now, and from now on every few seconds where the surroundings say so. One at a time. */
  #refresh(): void {
    if (this.#closing.signal.aborted) return;
    this.#refreshing ??= this.#openNewest(this.#closing.signal)
      .then(
        () => {},
        (error: unknown) => {
          const why = toLeitmotifError(error).message;
          if (why !== this.#refreshFailure)
            this.#surroundings.log.warn({ why }, 'the old generation goes on answering');
          this.#refreshFailure = why;
        },
      )
      .finally(() => {
        this.#refreshing = null;
      });
  }

  async #openNewest(signal: AbortSignal): Promise<IndexHost> {
    const spaceId = await this.spaceId();
    const { log, lookForIndexEachMs } = this.#surroundings;
    this.#index ??= new IndexHost({
      indexDir: this.config.indexDir,
      spaceId,
      catalogId: this.catalog.id,
      onEvent: (event) => log.info(event, 'index process'),
    });
    try {
      await this.#index.reloadIfChanged();
    } catch (error) {
      if (!(error instanceof LeitmotifError)) throw error;
      if (!(await this.#mend(error, spaceId, signal))) throw await this.#withWayBack(error);
      await this.#index.reloadIfChanged();
    }
    this.#refreshFailure = null;
    if (lookForIndexEachMs !== undefined && !this.#closing.signal.aborted) {
      this.#lookTimer ??= setInterval(() => this.#refresh(), lookForIndexEachMs).unref();
    }
    return this.#index;
  }

  /** Builds the index anew from the catalog after it turned out missing or damaged.
   *  @returns whether there was anything to build it from */
  async #mend(found: LeitmotifError, spaceId: string, signal: AbortSignal): Promise<boolean> {
    if (found.code === 'index-empty') this.#refuseWithoutMusic(spaceId);
    const damaged = found.code === 'index-corrupt' || found.code === 'index-empty' || found.code === 'space-mismatch';
    if (!damaged || !this.catalog.spaces.get(spaceId)) return false;
    this.#surroundings.log.warn({ why: found.message }, 'the index is built again from the catalog');
    const outcome = await this.rebuild(signal);
    return outcome.kind === 'written';
  }

  /** Tracks are indexed, and none of them holds music: there is nothing to build an index from.
   *  @throws {LeitmotifError} 'index-empty' saying so */
  #refuseWithoutMusic(spaceId: string): void {
    const space = this.catalog.counts().spaces.find((each) => each.spaceId === spaceId);
    if (this.config.includeNonMusic || !space || space.tracks === 0 || space.chunks.music > 0) return;
    const facts = { ...this.catalog.tracksWithoutMusic(spaceId), tracks: space.tracks };
    const only =
      space.tracks === 1 ? 'The only track of the library holds' : `All ${space.tracks} tracks of the library hold`;
    throw new LeitmotifError('index-empty', `${only} no music to compare: ${kindsWithoutMusic(facts)}`, { facts });
  }

  /** An index of other models is not lost: says which one searches it. */
  async #withWayBack(error: LeitmotifError): Promise<LeitmotifError> {
    if (error.code !== 'space-mismatch') return error;
    const { indexDir, windowSec } = this.config;
    const makers = await modelsOfSpaces(this.#modelsDirs, await indexedSpaces(indexDir), windowSec);
    const ways = makers.map(({ model, windowSec: sec }) => {
      return `EMBEDDING_MODEL=${model}${sec === windowSec ? '' : ` WINDOW_SEC=${sec}`}`;
    });
    const back = ways.length > 0 ? `. Set ${ways.join(' or ')} to search what is there` : '';
    return new LeitmotifError(error.code, `${error.message}${back}`, { cause: error, facts: error.facts });
  }

  /** The library's chunks in groups, the most suspicious first. */
  async clusters(signal: AbortSignal): Promise<ClusterReview> {
    return reviewClusters({
      catalog: this.catalog,
      library: this.library(),
      spaceId: await this.spaceId(),
      limits: this.clipLimits,
      concurrency: availableParallelism(),
      signal,
    });
  }

  /** Takes clusters out of all answers. @see markClusters */
  async markClusters(clusterIds: readonly number[], signal: AbortSignal): Promise<Mark[]> {
    return markClusters(await this.#generationUpdate(signal), clusterIds);
  }

  /** @see liftMark */
  async liftMark(markId: number, signal: AbortSignal): Promise<Mark> {
    return liftMark(await this.#generationUpdate(signal), markId);
  }

  /** A generation from the catalog alone, unless the current one is whole and up to date.
   *  @throws {LeitmotifError} 'index-locked' while an index run is under way, which does it too at its end */
  async rebuild(signal: AbortSignal): Promise<GenerationOutcome> {
    return rebuildGeneration(await this.#generationUpdate(signal));
  }

  /** Writes what is indexed in the configured model's space to a file. @see exportIndex */
  async exportIndex(request: Omit<ExportOptions, 'catalog' | 'spaceId'>): Promise<ExportSummary> {
    return exportIndex({ ...request, catalog: this.catalog, spaceId: await this.spaceId() });
  }

  /** Takes in vectors from a file, and builds the generation that answers with them.
   *  @param request with `assumeModel`, vectors whose file names no space are taken for the configured model's
   *  @throws {LeitmotifError} as importIndex, and 'index-locked' */
  async importIndex({
    assumeModel,
    ...request
  }: ImportRequest): Promise<ImportSummary & { generation: GenerationOutcome }> {
    using _lock = new IndexLock(this.#lockPath);
    const summary = await importIndex({
      ...request,
      catalog: this.catalog,
      spaceFor: (named) => this.#spaceOfImport(named, assumeModel),
      noFingerprint: { items: new Uint32Array(), itemSec: fingerprintItemSec },
    });
    const update = await this.#generationUpdate(request.signal);
    return { ...summary, generation: await updateGeneration({ ...update, spaceId: summary.spaceId }) };
  }

  async #spaceOfImport(named: string | null, assumeModel: boolean): Promise<ImportSpace> {
    const { model, windowSec } = this.config;
    const configured = await this.spaceId();
    if (named === configured || (named === null && assumeModel)) return { spaceId: configured, windowSec };
    if (named === null) {
      throw new LeitmotifError(
        'space-mismatch',
        `Cannot import: the file does not say which model made its vectors. If it was the one that is configured ` +
          `(EMBEDDING_MODEL=${model}, WINDOW_SEC=${windowSec}), say --assume-model; vectors of another model find nothing`,
      );
    }
    const [maker] = await modelsOfSpaces(this.#modelsDirs, [named], windowSec);
    if (maker) return { spaceId: named, windowSec: maker.windowSec };
    throw new LeitmotifError(
      'space-mismatch',
      `Cannot import vectors of the space ${named}: no model here makes such, so nothing could ask them. ` +
        'npm run models -- list says which can be had',
    );
  }

  /** The same for every space that the catalog holds. */
  async rebuildAll(signal: AbortSignal): Promise<GenerationOutcome[]> {
    using _lock = new IndexLock(this.#lockPath);
    const update = await this.#generationUpdate(signal);
    const outcomes: GenerationOutcome[] = [];
    for (const { spaceId } of this.catalog.spaces.list()) outcomes.push(await updateGeneration({ ...update, spaceId }));
    return outcomes;
  }

  /** Checks the index folder, deeply against the recordings too, and mends what can be mended. @see verifyIndex */
  async verify(request: {
    readonly deep: boolean;
    readonly signal: AbortSignal;
    readonly onProgress?: (done: number, total: number) => void;
  }): Promise<Finding[]> {
    using _lock = new IndexLock(this.#lockPath);
    const update = await this.#generationUpdate(request.signal);
    return verifyIndex({
      ...request,
      catalog: this.catalog,
      indexDir: this.config.indexDir,
      library: this.library(),
      clips: this.clipStore,
      rebuild: (spaceId) => updateGeneration({ ...update, spaceId }),
      nowMs: Date.now(),
    });
  }

  /** Copies the catalog while everything goes on.
   *  @param to file:/path or azure://account/container/prefix; unset: where BACKUPS says
   *  @param keep null keeps all that lie there */
  backUp({ to, keep, signal }: BackupRequest): Promise<Backup> {
    const { config, catalog } = this;
    const parts = { catalog, store: openBackups(config, to), workDir: workDirOf(config), now: new Date() };
    return backUpCatalog({ ...parts, keep: keep ?? null, signal });
  }

  /** Where backups lie, and their names, the oldest first. */
  async backups(signal: AbortSignal): Promise<{ readonly location: string; readonly names: readonly string[] }> {
    const store = openBackups(this.config);
    return { location: store.location, names: await backupsIn(store, signal) };
  }

  /** Forgets what was kept long enough. @param write how a write waits for another process; at once and here by default */
  tidy(
    nowMs: number,
    write: <Result>(write: () => Result) => Promise<Result> = async (work) => work(),
  ): Promise<TidyReport> {
    const { indexDir, answersKeptMs, keeping } = this.config;
    return tidy({
      catalog: this.catalog,
      indexDir,
      lockPath: this.#lockPath,
      answersKeptMs,
      removedKeptMs: keeping.removedKeptMs,
      removeClips: (isKept, beforeMs) => this.answerFiles.removeStrays(isKept, beforeMs),
      write,
      nowMs,
    });
  }

  async #generationUpdate(signal: AbortSignal): Promise<MarkUpdate> {
    return {
      catalog: this.catalog,
      generations: this.#generations,
      spaceId: await this.spaceId(),
      includeNonMusic: this.config.includeNonMusic,
      lockPath: this.#lockPath,
      signal,
    };
  }

  get #lockPath(): string {
    return lockPathOf(this.config);
  }

  get #modelsDirs(): string[] {
    return [shippedModelsDir(this.#surroundings.root), this.config.modelsDir];
  }

  /** The library, or libraries, that the catalog was filled from. */
  library(): Library | null {
    const location = this.catalog.libraryLocation;
    return location === null ? null : this.openLibrary(location);
  }

  /** @param text as LIBRARY has it
   *  @throws {LeitmotifError} 'config-invalid' */
  openLibrary(text: string): Library {
    const opened = this.#libraries.get(text) ?? openLibrary(text, this.#azureFor(text));
    this.#libraries.set(text, opened);
    return opened;
  }

  #azureFor(text: string): AzureParts {
    const parts = { spool: this.#spool, ranges: this.#ranges, bytesMax: this.config.audioLimits.bytesMax };
    return { ...parts, accounts: azureAccounts(this.config, [text]) };
  }

  /** The worker's client; the worker is started first if it is ours, which may take minutes.
   *  @param signal ends the waiting, and not the start, which others wait for too
   *  @throws the signal's reason */
  async client(signal?: AbortSignal): Promise<Embedder> {
    signal?.throwIfAborted();
    const client = this.#sharedClient();
    return signal ? orAborted(client, signal) : client;
  }

  #sharedClient(): Promise<Embedder> {
    this.#client ??= orAgain<Embedder>(this.#isRemote ? this.#remoteClient() : this.#localClient(), () => {
      this.#client = null;
    });
    return this.#client;
  }

  get #isRemote(): boolean {
    return this.config.workerUrls.length > 0;
  }

  /** As many as the workers work on at once, so that they decode the next ones while they embed the first. */
  async #indexingConcurrency(): Promise<number> {
    const { indexingConcurrency, worker } = this.config;
    if (indexingConcurrency !== undefined || !this.#isRemote) return indexingConcurrency ?? worker.concurrencyMax;
    const client = await this.client();
    if (client instanceof WorkerPool) return Math.max(1, await client.places());
    return (await client.models()).recordingsMax ?? worker.concurrencyMax;
  }

  async close(): Promise<void> {
    this.#closing.abort(new LeitmotifError('cancelled', 'The program ends'));
    clearInterval(this.#lookTimer);
    await this.#refreshing;
    await this.#index?.close();
    const client = await this.#client?.catch(() => null);
    await client?.close();
    const worker = await this.#worker?.catch(() => null);
    await worker?.close();
    await this.#media.close();
    await this.#ranges.close();
    this.catalog.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #hear({ path: file, fromSec, toSec, signal }: QueryRequest, onProgress?: QueryListener): Promise<HeardQuery> {
    const client = await this.client(signal);
    return client.embed(file, {
      signal,
      durationMaxSec: this.config.queries.durationMaxSec,
      ...(fromSec === undefined ? {} : { fromSec }),
      ...(toSec === undefined ? {} : { toSec }),
      ...(onProgress ? { onProgress } : {}),
    });
  }

  async #remoteClient(): Promise<Embedder> {
    const { workerUrls: urls, workerToken: token = '', model, audioLimits } = this.config;
    const { log } = this.#surroundings;
    const deadlineMs = audioLimits.deadlineMs;
    const [url] = urls;
    if (url !== undefined && urls.length === 1)
      return new EmbeddingClient({ target: { url }, token, model, deadlineMs });
    return new WorkerPool({ urls, token, model, deadlineMs, onEvent: (event) => log.warn(event, 'embedding worker') });
  }

  async #localClient(): Promise<EmbeddingClient> {
    const { model, device, engine, windowSec, worker, audioLimits, logLevel } = this.config;
    const { root, environment, log } = this.#surroundings;
    this.#worker = startLocalWorker({
      entry: path.join(root, 'embedding-worker', 'main.ts'),
      worker: {
        modelsDirs: this.#modelsDirs,
        device,
        engine,
        models: [model],
        windowSec,
        inferenceProcesses: worker.inferenceProcesses,
        concurrencyMax: worker.concurrencyMax,
        queueMax: worker.queueMax,
        requestDeadlineMs: audioLimits.deadlineMs,
        audioLimits,
        logLevel,
      },
      environment,
      startTimeoutMs: engine.type === 'databricks' ? coldStartTimeoutMs : workerStartTimeoutMs,
      niceness: this.#surroundings.niceness ?? 0,
      onDeath: (how) => log.warn({ how }, 'the embedding worker died and is started again'),
      onWaiting: this.#surroundings.onWaiting ?? ((words) => log.info(words)),
    });
    const local = await this.#worker;
    return new EmbeddingClient({
      target: { socketPath: local.socketPath },
      token: local.token,
      model,
      deadlineMs: audioLimits.deadlineMs,
      whenReady: (signal) => local.whenReady(signal),
    });
  }

  async #spaceIdHere(): Promise<string> {
    const model = await findModel(this.#modelsDirs, this.config.model);
    return spaceIdOfModel(model, this.config.windowSec);
  }

  async #spaceIdOfWorker(): Promise<string> {
    const { models } = await (await this.client()).models();
    const found = models.find(({ name }) => name === this.config.model);
    if (found) return found.spaceId;
    const names = models.map(({ name }) => name).join(', ');
    throw new LeitmotifError(
      'model-unknown',
      `Cannot use the model "${this.config.model}" (EMBEDDING_MODEL): ${this.config.workerUrls.join(', ')} has: ${names}`,
    );
  }
}

export interface SimilarRequest extends QueryRequest {
  readonly onProgress?: QueryListener;
  /** The query as it was embedded before. */
  readonly heard?: EmbeddedRecording;
  /** Told what the worker made of the query, before it is searched for. */
  readonly onHeard?: (recording: EmbeddedRecording) => void;
}

type QueryListener = NonNullable<Parameters<EmbeddingClient['embed']>[1]['onProgress']>;

/** @throws the signal's reason, and then nobody hears what becomes of the promise */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A program that lives for weeks must not remember a failed start for as long: whoever asks next tries again. */
function orAgain<T>(begun: Promise<T>, forget: () => void): Promise<T> {
  return begun.catch((error: unknown) => {
    forget();
    throw error;
  });
}
