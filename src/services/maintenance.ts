/** Maintains the index folder: verify, back up, tidy; export and import. */
import { fingerprintItemSec } from '../audio/fingerprint.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { PersonalData } from '../catalog/people.ts';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import { type ExportOptions, type ExportSummary, exportIndex } from '../exchange/export-index.ts';
import { type ImportOptions, type ImportSpace, type ImportSummary, importIndex } from '../exchange/import-index.ts';
import type { IndexEngines } from '../index/engine.ts';
import { IndexLock } from '../indexing/lock.ts';
import { type GenerationOutcome, updateGeneration } from '../indexing/update-generation.ts';
import { type Backup, backUpCatalog, backupsIn, type StoredBackup } from '../maintenance/backup.ts';
import { type TidyReport, tidy } from '../maintenance/tidy.ts';
import { type Finding, verifyIndex } from '../maintenance/verify.ts';
import type { AnswerFiles } from '../media/answer-files.ts';
import { modelsOfSpaces } from '../models/models-of-spaces.ts';
import type { GenerationService } from './generations.ts';
import { indexPathsOf } from './index-paths.ts';
import { type LibraryService, openBackupStore } from './libraries.ts';
import { modelsDirsOf } from './models-dirs.ts';
import type { ProgramContext } from './program-context.ts';
import type { WorkerService } from './worker.ts';

export interface BackupRequest {
  /** file:/path or azure://account/container/prefix; unset: BACKUPS. */
  readonly to?: string | undefined;
  /** How many backups to keep there; unset: all. */
  readonly keep?: number | undefined;
  readonly signal: AbortSignal;
}

export interface ImportRequest extends Omit<ImportOptions, 'catalog' | 'spaceFor' | 'noFingerprint'> {
  /** Assigns vectors of a file without a space to the configured model. */
  readonly assumeModel: boolean;
}

export interface LibraryVerifyRequest {
  readonly deep: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface MaintenanceServiceParts {
  readonly config: Config;
  readonly context: ProgramContext;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly libraries: LibraryService;
  readonly generations: GenerationService;
  readonly engines: IndexEngines;
  readonly answerFiles: AnswerFiles;
}

export class MaintenanceService {
  readonly #parts: MaintenanceServiceParts;

  constructor(parts: MaintenanceServiceParts) {
    this.#parts = parts;
  }

  /** Checks the index folder, with `deep` against the recordings too, and repairs what can be repaired. @see verifyIndex */
  async verify(request: LibraryVerifyRequest): Promise<Finding[]> {
    const { config, catalog, libraries, generations, engines } = this.#parts;
    const update = await generations.update(request.signal);
    using _lock = new IndexLock(update.lockPath);
    return verifyIndex({
      ...request,
      catalog,
      indexDir: config.indexDir,
      engines,
      library: libraries.current(),
      clips: libraries.clipStore,
      rebuild: (spaceId) => updateGeneration({ ...update, spaceId }),
      nowMs: Date.now(),
    });
  }

  /** Copies the catalog while other programs use it. */
  backUp({ to, keep, signal }: BackupRequest): Promise<Backup> {
    const { config, catalog } = this.#parts;
    const workDir = indexPathsOf(config).backupWork;
    return backUpCatalog({
      catalog,
      store: openBackupStore(config, to),
      workDir,
      now: new Date(),
      keep: keep ?? null,
      signal,
    });
  }

  /** The location of the backups, and the backups, oldest first. */
  async backups(signal: AbortSignal): Promise<{ readonly location: string; readonly stored: readonly StoredBackup[] }> {
    const store = openBackupStore(this.#parts.config);
    return { location: store.location, stored: await backupsIn(store, signal) };
  }

  /** Deletes expired data.
   *  @param write how a catalog write waits for another process; by default it runs at once */
  tidy(
    nowMs: number,
    write: <Result>(write: () => Result) => Promise<Result> = async (work) => work(),
  ): Promise<TidyReport> {
    const { config, catalog, answerFiles, engines } = this.#parts;
    return tidy({
      catalog,
      indexDir: config.indexDir,
      engines,
      lockPath: indexPathsOf(config).lock,
      answersKeptMs: config.answersKeptMs,
      userIdsKeptMs: config.userIdsKeptMs,
      removedKeptMs: config.maintenance.removedKeptMs,
      removeClips: (isKept, beforeMs) => answerFiles.removeStrays(isKept, beforeMs),
      write,
      nowMs,
    });
  }

  /** Deletes a user's data, with the clips of their answers. @see People.erase */
  async erasePerson(
    userId: string,
    write: <Result>(write: () => Result) => Promise<Result> = async (work) => work(),
  ): Promise<PersonalData> {
    const { catalog, answerFiles } = this.#parts;
    const { answerIds, ...erased } = await write(() => catalog.people.erase(userId));
    await answerFiles.remove(answerIds);
    return erased;
  }

  /** Writes the configured space's vectors to a file. @see exportIndex */
  async exportIndex(request: Omit<ExportOptions, 'catalog' | 'spaceId'>): Promise<ExportSummary> {
    const { catalog, worker } = this.#parts;
    return exportIndex({ ...request, catalog, spaceId: await worker.spaceId() });
  }

  /** Imports vectors from a file, and builds the generation that answers with them.
   *  @throws {LeitmotifError} as importIndex, and 'index-locked' */
  async importIndex({
    assumeModel,
    ...request
  }: ImportRequest): Promise<ImportSummary & { generation: GenerationOutcome }> {
    const { catalog, generations } = this.#parts;
    const update = await generations.update(request.signal);
    using _lock = new IndexLock(update.lockPath);
    const summary = await importIndex({
      ...request,
      catalog,
      spaceFor: (named) => this.#spaceOfImport(named, assumeModel),
      noFingerprint: { items: new Uint32Array(), itemSec: fingerprintItemSec },
    });
    return { ...summary, generation: await updateGeneration({ ...update, spaceId: summary.spaceId }) };
  }

  async #spaceOfImport(named: string | null, assumeModel: boolean): Promise<ImportSpace> {
    const { config, context, worker } = this.#parts;
    const { model, windowSec } = config;
    const configured = await worker.spaceId();
    if (named === configured || (named === null && assumeModel)) return { spaceId: configured, windowSec };
    if (named === null) {
      throw new LeitmotifError(
        'space-mismatch',
        `Cannot import: the file does not say which model made its vectors. If it was the configured one ` +
          `(EMBEDDING_MODEL=${model}, WINDOW_SEC=${windowSec}), add --assume-model; vectors of another model find nothing`,
      );
    }
    const [maker] = await modelsOfSpaces(modelsDirsOf(config, context.root), [named], windowSec);
    if (maker) return { spaceId: named, windowSec: maker.windowSec };
    throw new LeitmotifError(
      'space-mismatch',
      `Cannot import vectors of the space ${named}: no model here makes such vectors, so no query could search them. ` +
        'npm run models -- list shows which models are available',
    );
  }
}
