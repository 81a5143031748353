/** The embedding worker as the other services use it: a child process of this program, that of a backend that several programs share,
 *  one worker elsewhere, or several. */
import type { Config } from '../config/config.ts';
import { assertReadable, EmbeddingClient, type EmbedOptions } from '../embedding/client.ts';
import type { ModelsAnswer } from '../embedding/wire-format.ts';
import { hasHostName } from '../embedding/worker-addresses.ts';
import { type Embedder, WorkerPool } from '../embedding/worker-pool.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { orAborted } from '../io/or-aborted.ts';
import { findModel } from '../models/find-model.ts';
import { spaceIdOfModel } from '../models/manifest.ts';
import type { EmbeddedQuery } from '../query/find-similar.ts';
import type { BackendLink, WorkerAddress } from './backend-link.ts';
import { modelsDirsOf } from './models-dirs.ts';
import { OwnWorker } from './own-worker.ts';
import type { ProgramContext } from './program-context.ts';

export interface WorkerStatus {
  /** null: the worker is a child process, of this program or of the one that started it. */
  readonly url: string | null;
  /** Whether its models are loaded. */
  readonly isReady: boolean;
  /** null when it does not respond. */
  readonly facts: ModelsAnswer | null;
  readonly failure: LeitmotifError | null;
}

export interface WorkerSources {
  /** Its worker is used; null: this program starts its own. */
  readonly backend?: BackendLink | null;
  /** A worker of this program that is already starting; null: it starts when it is needed. */
  readonly ownWorker?: OwnWorker | null;
}

export class WorkerService {
  readonly #config: Config;
  readonly #context: ProgramContext;
  readonly #backend: BackendLink | null;
  readonly #modelsDirs: readonly string[];
  #worker: OwnWorker | null;
  #client: Promise<Embedder> | null = null;
  #spaceId: Promise<string> | null = null;

  constructor(config: Config, context: ProgramContext, { backend = null, ownWorker = null }: WorkerSources = {}) {
    this.#config = config;
    this.#context = context;
    this.#backend = backend;
    this.#worker = ownWorker;
    this.#modelsDirs = modelsDirsOf(config, context.root);
  }

  /** The space of the configured model: from the model's manifest for a local worker, else from the worker. */
  spaceId(): Promise<string> {
    this.#spaceId ??= forgetOnFailure(this.#isRemote ? this.#spaceIdOfWorker() : this.#spaceIdHere(), () => {
      this.#spaceId = null;
    });
    return this.#spaceId;
  }

  /** The worker's client. Starts the local worker on first use, which may take minutes.
   *  @param signal ends this wait, not the start, which others wait for too
   *  @throws the signal's reason */
  async client(signal?: AbortSignal): Promise<Embedder> {
    signal?.throwIfAborted();
    const client = this.#sharedClient();
    return signal ? orAborted(client, signal) : client;
  }

  #sharedClient(): Promise<Embedder> {
    this.#client ??= forgetOnFailure<Embedder>(this.#isRemote ? this.#remoteClient() : this.#localClient(), () => {
      this.#client = null;
    });
    return this.#client;
  }

  /** Decodes, cuts, gates and embeds a recording. @see EmbeddingClient.embed */
  async embed(file: string, options: EmbedOptions): Promise<EmbeddedQuery> {
    // No worker is started for a file that is not there.
    await assertReadable(file);
    return (await this.client(options.signal)).embed(file, options);
  }

  /** A text as a vector of the configured space.
   *  @throws {LeitmotifError} model-without-text, space-mismatch */
  async embedText(text: string, signal: AbortSignal): Promise<{ spaceId: string; vector: Float32Array }> {
    const { spaceId, vectors } = await (await this.client(signal)).embedTexts([text], { signal });
    const expected = await this.spaceId();
    if (spaceId === expected && vectors[0]) return { spaceId, vector: vectors[0] };
    throw new LeitmotifError('space-mismatch', `Cannot search ${expected} with words of ${spaceId}`);
  }

  /** Recordings to send at once while indexing: as many as the workers process at once, so that the next ones are decoded
   *  while the first are embedded. */
  async indexingConcurrency(): Promise<number> {
    const { indexingConcurrency, worker } = this.#config;
    if (indexingConcurrency !== undefined || !this.#isRemote) return indexingConcurrency ?? worker.concurrencyMax;
    const client = await this.client();
    if (client instanceof WorkerPool) return Math.max(1, await client.places());
    return (await client.models()).recordingsMax ?? worker.concurrencyMax;
  }

  /** The state of each worker. One that does not respond in time is unavailable.
   *  @param signal ends the wait for all of them */
  async statuses(signal: AbortSignal): Promise<WorkerStatus[]> {
    const [url = null] = this.#config.workerUrls;
    try {
      const client = await this.client(signal);
      const clients = client instanceof WorkerPool ? await client.each() : [{ name: url, client }];
      return await Promise.all(clients.map(({ name, client: each }) => statusOf(name, each, signal)));
    } catch (error) {
      return [{ url, isReady: false, facts: null, failure: toLeitmotifError(error) }];
    }
  }

  async close(): Promise<void> {
    this.#worker?.endStart();
    const client = await this.#client?.catch(() => null);
    await client?.close();
    await this.#worker?.close();
  }

  get #isRemote(): boolean {
    return this.#config.workerUrls.length > 0;
  }

  async #remoteClient(): Promise<Embedder> {
    const { workerUrls: urls, workerToken: token = '', model, audioLimits } = this.#config;
    const { log } = this.#context;
    const deadlineMs = audioLimits.deadlineMs;
    const [url] = urls;
    // One fixed address needs no pool.
    if (url !== undefined && urls.length === 1 && !hasHostName(url))
      return new EmbeddingClient({ target: { url }, token, model, deadlineMs });
    return new WorkerPool({ urls, token, model, deadlineMs, onEvent: (event) => log.warn(event, 'embedding worker') });
  }

  /** The worker is a child of this program, or of the one that shares it with this one. */
  async #localClient(): Promise<EmbeddingClient> {
    const backend = this.#backend;
    if (backend) return this.#clientOf(await backend.worker(), (signal) => backend.worker(signal));
    this.#worker ??= new OwnWorker(this.#config, this.#context);
    const local = await forgetOnFailure(this.#worker.accepting, () => {
      this.#worker = null;
    });
    return this.#clientOf(local, (signal) => local.whenReady(signal));
  }

  #clientOf(
    { socketPath, token }: WorkerAddress,
    whenReady: (signal: AbortSignal) => Promise<unknown>,
  ): EmbeddingClient {
    const { model, audioLimits } = this.#config;
    return new EmbeddingClient({
      ...{ target: { socketPath }, token, model, deadlineMs: audioLimits.deadlineMs },
      whenReady: async (signal) => void (await whenReady(signal)),
    });
  }

  async #spaceIdHere(): Promise<string> {
    const model = await findModel(this.#modelsDirs, this.#config.model);
    return spaceIdOfModel(model, this.#config.windowSec);
  }

  async #spaceIdOfWorker(): Promise<string> {
    const { models } = await (await this.client()).models();
    const found = models.find(({ name }) => name === this.#config.model);
    if (found) return found.spaceId;
    const names = models.map(({ name }) => name).join(', ');
    throw new LeitmotifError(
      'model-unknown',
      `Cannot use the model "${this.#config.model}" (EMBEDDING_MODEL): ${this.#config.workerUrls.join(', ')} has: ${names}`,
    );
  }
}

async function statusOf(
  url: string | null,
  client: Pick<EmbeddingClient, 'ready' | 'models'>,
  signal: AbortSignal,
): Promise<WorkerStatus> {
  try {
    const [isReady, facts] = await orAborted(Promise.all([client.ready(signal), client.models(signal)]), signal);
    return { url, isReady, facts, failure: null };
  } catch (error) {
    return { url, isReady: false, facts: null, failure: toLeitmotifError(error) };
  }
}

/** A program that runs for weeks must not cache a failed start: the next call tries again. */
function forgetOnFailure<T>(begun: Promise<T>, forget: () => void): Promise<T> {
  return begun.catch((error: unknown) => {
    forget();
    throw error;
  });
}
