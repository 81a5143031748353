/** One of several workers: whether it may be asked now, for how many recordings at once, and when it is looked at again
 *  after it was lost. */
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { EmbeddingClient } from './client.ts';

/** Of a worker that does not say how many recordings it works on at once: one at work, and one decoded meanwhile. */
const placesUnknown = 2;
const backOffMinMs = 500;
/** A machine that is started again is used within half a minute of its being back. */
const backOffMaxMs = 30_000;

export type WorkerState =
  /** Not looked at yet. */
  | { readonly is: 'unknown' }
  | { readonly is: 'up'; readonly spaceId: string; readonly places: number }
  | { readonly is: 'down'; readonly why: LeitmotifError; readonly untilMs: number };

/** Something that whoever runs this wants in the log. */
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
  #looking: Promise<void> | null = null;

  constructor(options: PooledWorkerOptions) {
    this.#options = options;
    this.url = options.url;
    this.client = options.client;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Recordings that it can be given now, over those that it takes: the higher, the sooner it is its turn. 0: none. */
  roomAt(nowMs: number): number {
    if (this.#state.is !== 'up' || nowMs < this.#busyUntilMs) return 0;
    return Math.max(0, this.#state.places - this.inFlight) / this.#state.places;
  }

  /** When this may be worth asking again without anybody having been answered meanwhile; `performance.now()`. */
  get nextMs(): number {
    if (this.#state.is === 'down') return this.#state.untilMs;
    return this.#state.is === 'up' ? this.#busyUntilMs : 0;
  }

  /** Its queue is full: others fill it too. */
  isBusyFor(ms: number): void {
    this.#busyUntilMs = performance.now() + ms;
  }

  /** Left alone for a while. All that were at it say so: the first one counts. */
  isLost(why: LeitmotifError): void {
    if (this.#state.is !== 'down') this.#leaveAlone(why);
  }

  /** Longer each time in a row. */
  #leaveAlone(why: LeitmotifError): void {
    if (this.#state.is !== 'down') this.#options.onEvent({ kind: 'lost', url: this.url, why: why.message });
    const pauseMs = Math.min(backOffMaxMs, backOffMinMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#state = { is: 'down', why, untilMs: performance.now() + pauseMs };
  }

  /** Asks it for its models, unless it is up or was lost a moment ago. Never rejects.
   *  @param expected the space that it must embed into; null when no worker has said any yet
   *  @returns null where there is nothing to wait for */
  look(expected: string | null): Promise<void> | null {
    const isDue =
      this.#state.is === 'unknown' || (this.#state.is === 'down' && performance.now() >= this.#state.untilMs);
    if (isDue) {
      this.#looking ??= this.#look(expected).finally(() => {
        this.#looking = null;
      });
    }
    return this.#looking;
  }

  async #look(expected: string | null): Promise<void> {
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
      this.#leaveAlone(toLeitmotifError(error));
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
