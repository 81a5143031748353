/** A pool of workers: each recording goes to the worker that is expected to be done first, by what the workers report of their
 *  load and speed; recordings of a worker that dies or is being stopped go to the others, and the lost worker is checked again
 *  later.
 *
 *  A recording whose worker was lost is sent to another worker only once: a recording that kills workers must not kill all
 *  of them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { EmbedAnswer } from './answer-reader.ts';
import type { EmbeddingClient, EmbedOptions } from './client.ts';
import { PoolMembers } from './pool-members.ts';
import { otherSpace, type PooledWorker, type WorkerEvent } from './pooled-worker.ts';
import { WorkerBusyError, WorkerDrainingError, WorkerLostError } from './retries.ts';
import type { EmbeddedTexts } from './text-answer.ts';
import type { ModelsAnswer } from './wire-format.ts';
import type { Resolve } from './worker-addresses.ts';

export type Embedder = Pick<EmbeddingClient, 'embed' | 'embedTexts' | 'models' | 'ready' | 'close'>;

export interface WorkerPoolOptions {
  /** Different URLs. Each address of a host name is a worker. */
  readonly urls: readonly string[];
  readonly token: string;
  readonly model: string;
  /** For one recording at one worker. */
  readonly deadlineMs: number;
  readonly onEvent?: (event: WorkerEvent) => void;
  /** How long a recording waits while no worker is available. */
  readonly noWorkerMaxMs?: number;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Between two look-ups of a name while the pool is used. */
  readonly resolveEachMs?: number;
}

/** Error codes caused by the worker, not by the recording: another worker may succeed. */
const workerFaults: ReadonlySet<string> = new Set([
  'worker-unavailable',
  'worker-protocol',
  'unauthorized',
  'model-unknown',
  'space-mismatch',
  'queue-full',
]);
const lostMax = 2;
const noWorkerMaxMsDefault = 20_000;

export class WorkerPool implements Embedder {
  readonly #options: WorkerPoolOptions;
  readonly #members: PoolMembers;
  #changed = Promise.withResolvers<void>();

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#members = new PoolMembers({ ...options, onEvent: options.onEvent ?? (() => {}) });
  }

  /** @throws {LeitmotifError} as EmbeddingClient.embed; 'worker-unavailable' naming every worker, if none is left */
  embed(path: string, options: EmbedOptions): Promise<EmbedAnswer> {
    return this.#withWorker(options.signal, async (worker) => {
      const answer = await worker.client.embed(path, options);
      this.#assertSpace(worker, answer.spaceId);
      return answer;
    });
  }

  embedTexts(texts: readonly string[], options: { readonly signal: AbortSignal }): Promise<EmbeddedTexts> {
    return this.#withWorker(options.signal, (worker) => worker.client.embedTexts(texts, options));
  }

  /** The models of the first available worker, after all available workers agree on the space.
   *  @throws {LeitmotifError} 'space-mismatch' naming the worker that embeds into another space; 'model-unknown';
   *    'worker-unavailable' if none is available */
  async models(signal?: AbortSignal): Promise<ModelsAnswer> {
    await this.#checkAll();
    for (const { state } of this.#members.current) {
      if (state.is === 'down' && (state.why.code === 'space-mismatch' || state.why.code === 'model-unknown')) {
        throw state.why;
      }
    }
    const worker = this.#members.current.find(({ state }) => state.is === 'up');
    if (worker === undefined) throw this.#noneLeft();
    return worker.client.models(signal);
  }

  /** Whether any worker is ready. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    const all = await Promise.all((await this.#members.known()).map(({ client }) => client.ready(signal)));
    return all.includes(true);
  }

  /** Total capacity of the available workers; 0 if there are none. */
  async places(): Promise<number> {
    await this.#checkAll();
    return this.#members.current.reduce((sum, { state }) => sum + (state.is === 'up' ? state.places : 0), 0);
  }

  /** Its workers, to look at one by one. */
  each(): Promise<readonly { readonly name: string; readonly client: EmbeddingClient }[]> {
    return this.#members.known();
  }

  async close(): Promise<void> {
    await this.#members.close();
  }

  async #withWorker<T>(signal: AbortSignal, ask: (worker: PooledWorker) => Promise<T>): Promise<T> {
    const lostOver = new Set<PooledWorker>();
    for (let faults = 0; ; ) {
      const worker = await this.#take(lostOver, signal);
      try {
        return await ask(worker);
      } catch (caught) {
        const error = toLeitmotifError(caught);
        if (signal.aborted || !workerFaults.has(error.code)) throw error;
        if (error instanceof WorkerBusyError) {
          worker.markBusy(error.retryAfterSec * 1000);
          continue;
        }
        worker.markDown(error);
        // Its successor may have another address.
        void this.#members.lookAgain()?.then(() => this.#notifyChange());
        if (error instanceof WorkerDrainingError) continue;
        const isWorkerFault = error instanceof WorkerLostError || error.code === 'worker-protocol';
        if (isWorkerFault && lostOver.add(worker).size >= lostMax) throw error;
        if (++faults > this.#members.current.length) throw error;
      } finally {
        worker.inFlight -= 1;
        this.#notifyChange();
      }
    }
  }

  /** Waits for and takes a place at a worker, preferably one that was not lost over this recording. */
  async #take(lostOver: ReadonlySet<PooledWorker>, signal: AbortSignal): Promise<PooledWorker> {
    let withoutSinceMs: number | null = null;
    for (;;) {
      signal.throwIfAborted();
      const workers = await this.#members.known();
      const nowMs = performance.now();
      for (const worker of workers) {
        void worker.check(this.#spaceId)?.then(() => this.#notifyChange());
        void worker.refreshLoad(nowMs);
      }
      const worker = this.#soonest(workers, lostOver, nowMs);
      if (worker) {
        worker.inFlight += 1;
        return worker;
      }
      // The first check of a worker has its own deadline.
      const mayRecover = workers.some(({ state }) => state.is !== 'down');
      withoutSinceMs = mayRecover ? null : (withoutSinceMs ?? nowMs);
      const { noWorkerMaxMs = noWorkerMaxMsDefault } = this.#options;
      if (withoutSinceMs !== null && nowMs - withoutSinceMs >= noWorkerMaxMs) throw this.#noneLeft();
      await this.#change(nowMs, signal);
    }
  }

  #soonest(workers: readonly PooledWorker[], lostOver: ReadonlySet<PooledWorker>, nowMs: number): PooledWorker | null {
    const withRoom = workers.filter((worker) => worker.hasRoomAt(nowMs));
    const better = withRoom.filter((worker) => !lostOver.has(worker));
    const isOtherUp = workers.some((worker) => !lostOver.has(worker) && worker.state.is === 'up');
    // Wait for a better worker, unless there is none.
    const choice = isOtherUp ? better : withRoom;
    return choice.toSorted((a, b) => a.expectedSec - b.expectedSec)[0] ?? null;
  }

  /** Waits until a place may be free: a request ended, or a pause is over. */
  async #change(nowMs: number, signal: AbortSignal): Promise<void> {
    const next = Math.min(...this.#members.current.map(({ nextMs }) => nextMs).filter((ms) => ms > nowMs));
    const waited = new AbortController();
    const pauseMs = Math.min(1_000, Math.max(10, next - nowMs));
    const pause = delay(pauseMs, undefined, { signal: AbortSignal.any([signal, waited.signal]) });
    try {
      await Promise.race([this.#changed.promise, pause]);
    } finally {
      waited.abort();
      pause.catch(() => {});
    }
  }

  #notifyChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The space of the first worker that reported one. */
  get #spaceId(): string | null {
    for (const { state } of this.#members.current) if (state.is === 'up') return state.spaceId;
    return this.#spaceSeen;
  }
  #spaceSeen: string | null = null;

  #assertSpace(worker: PooledWorker, spaceId: string): void {
    const expected = this.#spaceId;
    if (expected !== null && spaceId !== expected) throw otherSpace(worker.name, spaceId, expected);
    this.#spaceSeen = spaceId;
  }

  async #checkAll(): Promise<void> {
    for (const worker of await this.#members.known()) {
      await worker.check(this.#spaceId);
      const { state } = worker;
      if (state.is === 'up') this.#spaceSeen ??= state.spaceId;
    }
  }

  /** The errors of all workers; with their code if all have the same. */
  #noneLeft(): LeitmotifError {
    const workers = this.#members.current;
    const reasons = workers.flatMap(({ name, state }) => (state.is === 'down' ? [{ name, why: state.why }] : []));
    const codes = new Set(reasons.map(({ why }) => why.code));
    const [code] = codes.size === 1 ? codes : ['worker-unavailable' as const];
    const words = reasons.map(({ name, why }) => `${name}: ${why.message}`).join('; ');
    return new LeitmotifError(
      code ?? 'worker-unavailable',
      `Cannot reach any of the ${workers.length} workers of EMBEDDING_WORKER_URL. ${words}`,
      { cause: reasons[0]?.why },
    );
  }
}
