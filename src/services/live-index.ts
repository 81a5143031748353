/** The index that answers queries: opened on first use, replaced when a newer generation is published, repaired from the
 *  catalog when it is missing or damaged. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { kindsWithoutMusic } from '../format.ts';
import type { IndexEngines } from '../index/engine.ts';
import { indexedSpaces } from '../index/generation-folder.ts';
import { IndexHost } from '../index/index-host.ts';
import { modelsOfSpaces } from '../models/models-of-spaces.ts';
import type { GenerationService } from './generations.ts';
import { modelsDirsOf } from './models-dirs.ts';
import type { ProgramContext } from './program-context.ts';
import type { WorkerService } from './worker.ts';

export interface LiveIndexParts {
  readonly config: Config;
  readonly context: ProgramContext;
  readonly catalog: Catalog;
  readonly worker: WorkerService;
  readonly generations: GenerationService;
  readonly engines: IndexEngines;
}

export class LiveIndex {
  readonly #parts: LiveIndexParts;
  readonly #closing = new AbortController();
  #host: IndexHost | null = null;
  #refreshing: Promise<void> | null = null;
  #refreshFailure: string | null = null;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(parts: LiveIndexParts) {
    this.#parts = parts;
  }

  /** An open index answers at once, while a newer generation is opened in the background: opening takes seconds, and no
   *  query should wait for it.
   *  @param options.newest waits for the newest generation
   *  @throws {LeitmotifError} 'index-empty' when nothing was ever indexed in this space */
  async open(signal: AbortSignal, { newest = false }: { newest?: boolean } = {}): Promise<IndexHost> {
    const host = this.#host;
    if (!host?.current() || newest) return this.#openNewest(signal);
    this.#refresh();
    return host;
  }

  /** Opens the newest generation if an index is open at all. Called by the service that has just built one. */
  async follow(signal: AbortSignal): Promise<void> {
    if (this.#host?.current()) await this.#openNewest(signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new LeitmotifError('cancelled', 'The program ends'));
    clearInterval(this.#lookTimer);
    await this.#refreshing;
    await this.#host?.close();
  }

  /** Checks for a newer generation, one check at a time. */
  #refresh(): void {
    if (this.#closing.signal.aborted) return;
    this.#refreshing ??= this.#openNewest(this.#closing.signal)
      .then(
        () => {},
        (error: unknown) => {
          const why = toLeitmotifError(error).message;
          if (why !== this.#refreshFailure) {
            this.#parts.context.log.warn({ why }, 'the previous generation keeps answering');
          }
          this.#refreshFailure = why;
        },
      )
      .finally(() => {
        this.#refreshing = null;
      });
  }

  async #openNewest(signal: AbortSignal): Promise<IndexHost> {
    const { config, context, catalog, worker, engines } = this.#parts;
    const { log, indexPollIntervalMs } = context;
    const spaceId = await worker.spaceId();
    this.#host ??= new IndexHost({
      indexDir: config.indexDir,
      spaceId,
      catalogId: catalog.id,
      engines,
      onEvent: (event) => log.info(event, 'index process'),
    });
    try {
      await this.#host.reloadIfChanged();
    } catch (error) {
      if (!(error instanceof LeitmotifError)) throw error;
      if (!(await this.#repair(error, spaceId, signal))) throw await this.#withAlternatives(error);
      await this.#host.reloadIfChanged();
    }
    this.#refreshFailure = null;
    if (indexPollIntervalMs !== undefined && !this.#closing.signal.aborted) {
      this.#lookTimer ??= setInterval(() => this.#refresh(), indexPollIntervalMs).unref();
    }
    return this.#host;
  }

  /** Rebuilds a missing or damaged index from the catalog.
   *  @returns whether a generation was written */
  async #repair(found: LeitmotifError, spaceId: string, signal: AbortSignal): Promise<boolean> {
    const isDamaged = found.code === 'index-corrupt' || found.code === 'index-empty' || found.code === 'space-mismatch';
    if (!isDamaged || !this.#parts.catalog.spaces.get(spaceId)) return false;
    if (found.code === 'index-empty') this.#refuseWithoutMusic(spaceId);
    this.#parts.context.log.warn({ why: found.message }, 'rebuilding the index from the catalog');
    const outcome = await this.#parts.generations.rebuild(signal);
    return outcome.kind === 'written';
  }

  /** Tracks are indexed, but none of them holds music: there is nothing to build an index from.
   *  @throws {LeitmotifError} 'index-empty' saying so */
  #refuseWithoutMusic(spaceId: string): void {
    const { config, catalog } = this.#parts;
    const space = catalog.counts().spaces.find((each) => each.spaceId === spaceId);
    if (config.includeNonMusic || !space || space.tracks === 0 || space.chunks.music > 0) return;
    const facts = { ...catalog.tracksWithoutMusic(spaceId), tracks: space.tracks };
    const only =
      space.tracks === 1 ? 'The only track of the library holds' : `All ${space.tracks} tracks of the library hold`;
    throw new LeitmotifError('index-empty', `${only} no music to compare: ${kindsWithoutMusic(facts)}`, { facts });
  }

  /** An index of another model is still usable: the message names the setting that searches it. */
  async #withAlternatives(error: LeitmotifError): Promise<LeitmotifError> {
    if (error.code !== 'space-mismatch') return error;
    const { config, context } = this.#parts;
    const spaces = await indexedSpaces(config.indexDir);
    const makers = await modelsOfSpaces(modelsDirsOf(config, context.root), spaces, config.windowSec);
    const settings = makers.map(({ model, windowSec }) => {
      return `EMBEDDING_MODEL=${model}${windowSec === config.windowSec ? '' : ` WINDOW_SEC=${windowSec}`}`;
    });
    const advice = settings.length > 0 ? `. Set ${settings.join(' or ')} to search what is indexed` : '';
    return new LeitmotifError(error.code, `${error.message}${advice}`, { cause: error, facts: error.facts });
  }
}
