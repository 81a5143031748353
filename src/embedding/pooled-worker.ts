/** One worker of a pool: its state, its free capacity, and when it is checked again after it was lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { EmbeddingClient } from './client.ts';
import type { ModelsAnswer } from './wire-format.ts';
import type { WorkerTarget } from './worker-addresses.ts';

/** Capacity of a worker that does not report it: one recording being embedded and one being decoded. */
const placesUnknown = 2;
/** Usual time of a recording at a worker that does not report it; all that do not are equal. */
const usualSecUnknown = 5;
/** Age from which a worker's load is asked for again while the pool is used. */
const loadKnownMs = 2_000;
/** Between two looks at whether a retired worker's requests have ended. */
const retireLookMs = 250;
const backOffMinMs = 500;
/** A restarted machine is used again within half a minute. */
const backOffMaxMs = 30_000;

export type WorkerState =
  /** Not checked yet. */
  | { readonly is: 'unknown' }
  | { readonly is: 'up'; readonly spaceId: string; readonly places: number; readonly load: WorkerLoad }
  | { readonly is: 'down'; readonly why: LeitmotifError; readonly untilMs: number };

/** What a worker last reported of itself. */
interface WorkerLoad {
  readonly atMs: number;
  /** Recordings of other clients, running or waiting. */
  readonly others: number;
  readonly usualSec: number;
}

/** An event for the operator's log. */
export interface WorkerEvent {
  readonly kind: 'lost' | 'back' | 'gone';
  readonly url: string;
  readonly why: string;
}

export interface PooledWorkerOptions {
  readonly target: WorkerTarget;
  readonly client: EmbeddingClient;
  readonly model: string;
  readonly onEvent: (event: WorkerEvent) => void;
}

export class PooledWorker {
  readonly target: WorkerTarget;
  readonly client: EmbeddingClient;
  inFlight = 0;
  readonly #options: PooledWorkerOptions;
  #state: WorkerState = { is: 'unknown' };
  #failures = 0;
  #busyUntilMs = 0;
  #checking: Promise<void> | null = null;
  #askingLoad: Promise<void> | null = null;

  constructor(options: PooledWorkerOptions) {
    this.#options = options;
    this.target = options.target;
    this.client = options.client;
  }

  /** As configured. */
  get url(): string {
    return this.target.url;
  }

  /** For messages: the URL, and the address if the host is a name. */
  get name(): string {
    return this.target.name;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Whether it may get another recording of this pool. Recordings of others do not count: they and this pool's take turns in the
   *  worker's queue. */
  hasRoomAt(nowMs: number): boolean {
    return this.#state.is === 'up' && nowMs >= this.#busyUntilMs && this.inFlight < this.#state.places;
  }

  /** Expected seconds of another recording, all recordings there sharing its places. The worker with the least gets it. */
  get expectedSec(): number {
    if (this.#state.is !== 'up') return Number.POSITIVE_INFINITY;
    const { places, load } = this.#state;
    return (load.usualSec * (this.inFlight + load.others + 1)) / places;
  }

  /** Asks for its load if that was long ago. A failure changes nothing: the next recording finds out. */
  refreshLoad(nowMs: number): Promise<void> | null {
    if (this.#state.is === 'up' && nowMs - this.#state.load.atMs >= loadKnownMs) {
      this.#askingLoad ??= this.#askLoad().finally(() => {
        this.#askingLoad = null;
      });
    }
    return this.#askingLoad;
  }

  /** Its address is gone. Closes its client when its running requests have ended. */
  async retire(): Promise<void> {
    this.#options.onEvent({ kind: 'gone', url: this.name, why: 'its address is gone' });
    while (this.inFlight > 0) await delay(retireLookMs, undefined, { ref: false });
    await this.client.close();
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
    if (this.#state.is !== 'down') this.#options.onEvent({ kind: 'lost', url: this.name, why: why.message });
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
      const answer = await this.client.models();
      const { models, recordingsMax } = answer;
      if (answer.draining) throw draining();
      const found = models.find(({ name }) => name === this.#options.model);
      if (found === undefined) throw this.#withoutModel(models.map(({ name }) => name));
      if (expected !== null && found.spaceId !== expected) throw otherSpace(this.name, found.spaceId, expected);
      const load = this.#loadOf(answer);
      this.#state = { is: 'up', spaceId: found.spaceId, places: recordingsMax ?? placesUnknown, load };
      this.#failures = 0;
      if (before.is === 'down') this.#options.onEvent({ kind: 'back', url: this.name, why: before.why.message });
    } catch (error) {
      this.#pause(toLeitmotifError(error));
    }
  }

  async #askLoad(): Promise<void> {
    try {
      const answer = await this.client.models();
      if (this.#state.is !== 'up') return;
      if (answer.draining) this.markDown(draining());
      else this.#state = { ...this.#state, load: this.#loadOf(answer) };
    } catch {
      if (this.#state.is === 'up')
        this.#state = { ...this.#state, load: { ...this.#state.load, atMs: performance.now() } };
    }
  }

  #loadOf({ queue }: ModelsAnswer): WorkerLoad {
    const { running = 0, waiting = 0, usualSec = usualSecUnknown } = queue ?? {};
    return { atMs: performance.now(), others: Math.max(0, running + waiting - this.inFlight), usualSec };
  }

  #withoutModel(names: readonly string[]): LeitmotifError {
    return new LeitmotifError(
      'model-unknown',
      `Cannot use the model "${this.#options.model}" (EMBEDDING_MODEL): ${this.name} has: ${names.join(', ')}`,
    );
  }
}

function draining(): LeitmotifError {
  return new LeitmotifError('worker-unavailable', 'It is being stopped');
}

export function otherSpace(url: string, got: string, expected: string): LeitmotifError {
  return new LeitmotifError(
    'space-mismatch',
    `Cannot use the worker ${url}: it embeds into ${got}, the others into ${expected}; start it with the same model, ` +
      'version and WINDOW_SEC, or take it out of EMBEDDING_WORKER_URL',
  );
}
