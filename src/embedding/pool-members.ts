/** The workers of a pool: looked up again while the pool is used, after a failure at once. A worker whose address is gone gets no
 *  more requests, and is let go when its running ones have ended. */
import { EmbeddingClient } from './client.ts';
import { PooledWorker, type WorkerEvent } from './pooled-worker.ts';
import { hasHostName, type Resolve, type WorkerTarget, workerTargets } from './worker-addresses.ts';

export interface PoolMembersOptions {
  readonly urls: readonly string[];
  readonly token: string;
  readonly model: string;
  readonly deadlineMs: number;
  readonly onEvent: (event: WorkerEvent) => void;
  readonly resolve?: Resolve | undefined;
  /** Between two look-ups of the same names. */
  readonly resolveEachMs?: number | undefined;
}

const noRetries = { queueWaitMaxMs: 0, unavailableWaitMaxMs: 0, cutOffMax: 0 };
/** DNS of container platforms changes within seconds; its answers are cached for about this long. */
const resolveEachMsDefault = 10_000;
/** After failures, so that a burst of them is one look-up. */
const resolveAgainAfterMs = 500;

export class PoolMembers {
  readonly #options: PoolMembersOptions;
  readonly #hasNames: boolean;
  #workers = new Map<string, PooledWorker>();
  #resolvedAtMs = Number.NEGATIVE_INFINITY;
  #resolving: Promise<void> | null = null;

  constructor(options: PoolMembersOptions) {
    this.#options = options;
    this.#hasNames = options.urls.some(hasHostName);
    if (!this.#hasNames) this.#set(options.urls.map((url) => ({ url, address: null, name: url })));
  }

  /** Those that get requests, in the order of the URLs. */
  get current(): readonly PooledWorker[] {
    return [...this.#workers.values()];
  }

  /** Resolves when the names have been looked up at least once. Looks them up again in the background when it is time. */
  async known(): Promise<readonly PooledWorker[]> {
    const looking = this.#lookUp(this.#options.resolveEachMs ?? resolveEachMsDefault);
    if (this.#workers.size === 0) await looking;
    return this.current;
  }

  /** Looks the names up at once: a worker failed, and its successor may have another address.
   *  @returns null if that was done a moment ago */
  lookAgain(): Promise<void> | null {
    return this.#lookUp(resolveAgainAfterMs);
  }

  async close(): Promise<void> {
    await Promise.all(this.current.map(({ client }) => client.close()));
  }

  #lookUp(olderThanMs: number): Promise<void> | null {
    const isDue = this.#hasNames && performance.now() - this.#resolvedAtMs >= olderThanMs;
    if (isDue) {
      this.#resolving ??= workerTargets(this.#options.urls, this.#options.resolve)
        .then((targets) => this.#set(targets))
        .finally(() => {
          this.#resolvedAtMs = performance.now();
          this.#resolving = null;
        });
    }
    return this.#resolving;
  }

  #set(targets: readonly WorkerTarget[]): void {
    const { token, model, deadlineMs, onEvent } = this.#options;
    // A resolver that fails for a moment does not take away the workers that are known.
    const wanted = targets.flatMap((target) => {
      const known = [...this.#workers.values()].filter(({ url }) => url === target.url);
      const isUnresolved = target.address === null && hasHostName(target.url);
      return isUnresolved && known.length > 0 ? known.map((worker) => worker.target) : [target];
    });
    const before = this.#workers;
    this.#workers = new Map(
      wanted.map((target) => {
        const known = before.get(target.name);
        if (known) return [target.name, known];
        const client = new EmbeddingClient({ target, token, model, deadlineMs, retryLimits: noRetries });
        return [target.name, new PooledWorker({ target, client, model, onEvent })];
      }),
    );
    for (const [name, worker] of before) if (!this.#workers.has(name)) void worker.retire();
  }
}
