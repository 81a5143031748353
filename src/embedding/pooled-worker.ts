/** One worker of a pool: its state, its free capacity, and when it is checked again after it was lost. */
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { EmbeddingClient } from './client.ts';

/** Capacity of a worker that does not report it: one recording being embedded and one being decoded. */
const placesUnknown = 2;
const backOffMinMs = 500;
/** A restarted machine is used again within half a minute. */
const backOffMaxMs = 30_000;

export type WorkerState =
  /** Not checked yet. */
  | { readonly is: 'unknown' }
  | { readonly is: 'up'; readonly spaceId: string; readonly places: number }
  | { readonly is: 'down'; readonly why: LeitmotifError; readonly untilMs: number };

/** An event for the operator's log. */
export interface WorkerEvent {
  readonly kind: 'lost' | 'back';
  readonly url: string;
  readonly why: string;
}

export interface PooledWorkerOptions {
  readonly url: string;
  readonly client: EmbeddingClient;
  readonly model: string;
  readonly onEvent: (event: WorkerEvent) => void;
}

export class PooledWorker {
  readonly url: string;
  readonly client: EmbeddingClient;
  inFlight = 0;
  readonly #options: PooledWorkerOptions;
  #state: WorkerState = { is: 'unknown' };
  #failures = 0;
  #busyUntilMs = 0;
  #checking: Promise<void> | null = null;

  constructor(options: PooledWorkerOptions) {
    this.#options = options;
    this.url = options.url;
    this.client = options.client;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Free share of its capacity, 0 to 1: the worker with the highest share gets the next recording. */
  roomAt(nowMs: number): number {
    if (this.#state.is !== 'up' || nowMs < this.#busyUntilMs) return 0;
    return Math.max(0, this.#state.places - this.inFlight) / this.#state.places;
  }

  /** When the worker may accept requests again; a `performance.now()` time. */
  get nextMs(): number {
    if (this.#state.is === 'down') return this.#state.untilMs;
    return this.#state.is === 'up' ? this.#busyUntilMs : 0;
  }

  /** Marks the worker as busy: its queue is full, perhaps from other clients. */
  markBusy(ms: number): void {
    this.#busyUntilMs = performance.now() + ms;
  }

  /** Marks the worker as lost. All its running requests report this; only the first counts. */
  markDown(why: LeitmotifError): void {
    if (this.#state.is !== 'down') this.#pause(why);
  }

  /** Pauses the worker, longer after each failure in a row. */
  #pause(why: LeitmotifError): void {
    if (this.#state.is !== 'down') this.#options.onEvent({ kind: 'lost', url: this.url, why: why.message });
    const pauseMs = Math.min(backOffMaxMs, backOffMinMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#state = { is: 'down', why, untilMs: performance.now() + pauseMs };
  }

  /** Requests its models, unless it is up or was lost a moment ago. Never rejects.
   *  @param expected the space that it must embed into; null if no worker has reported one yet
   *  @returns null if no check is running */
  check(expected: string | null): Promise<void> | null {
    const isDue =
      this.#state.is === 'unknown' || (this.#state.is === 'down' && performance.now() >= this.#state.untilMs);
    if (isDue) {
      this.#checking ??= this.#check(expected).finally(() => {
        this.#checking = null;
      });
    }
    return this.#checking;
  }

  async #check(expected: string | null): Promise<void> {
    const before = this.#state;
    try {
      const { models, recordingsMax } = await this.client.models();
      const found = models.find(({ name }) => name === this.#options.model);
      if (found === undefined) throw this.#withoutModel(models.map(({ name }) => name));
      if (expected !== null && found.spaceId !== expected) throw otherSpace(this.url, found.spaceId, expected);
      this.#state = { is: 'up', spaceId: found.spaceId, places: recordingsMax ?? placesUnknown };
      this.#failures = 0;
      if (before.is === 'down') this.#options.onEvent({ kind: 'back', url: this.url, why: before.why.message });
    } catch (error) {
      this.#pause(toLeitmotifError(error));
    }
  }

  #withoutModel(names: readonly string[]): LeitmotifError {
    return new LeitmotifError(
      'model-unknown',
      `Cannot use the model "${this.#options.model}" (EMBEDDING_MODEL): ${this.url} has: ${names.join(', ')}`,
    );
  }
}

export function otherSpace(url: string, got: string, expected: string): LeitmotifError {
  return new LeitmotifError(
    'space-mismatch',
    `Cannot use the worker ${url}: it embeds into ${got}, the others into ${expected}; start it with the same model, ` +
      'version and WINDOW_SEC, or take it out of EMBEDDING_WORKER_URL',
  );
}
