/** Admission control: limits running and queued requests. Text queries have their own queue. A worker that is being stopped refuses
 *  new requests and those that wait, and finishes those that run. */
import PQueue from 'p-queue';
import { LeitmotifError } from '../src/errors.ts';

export class QueueFullError extends LeitmotifError {
  readonly retryAfterSec: number;

  constructor(retryAfterSec: number, placesMax: number, noun: string) {
    super('queue-full', `Cannot take another ${noun}: ${placesMax} are here already`);
    this.retryAfterSec = retryAfterSec;
  }
}

/** The worker is being stopped: another one, or the same after its restart, takes the request. */
export class DrainingError extends LeitmotifError {
  readonly retryAfterSec = drainedAfterSec;

  constructor() {
    super('worker-unavailable', 'Cannot take a request: this worker finishes what runs and is then stopped');
  }
}

/** When to ask a worker again that is being stopped: restarts take seconds. */
const drainedAfterSec = 5;

/** A recording's slot, held from its arrival until `leave`, which may be called at any time and repeatedly. */
export interface Place {
  /** Resolves when it is this recording's turn. @throws the signal's reason when that comes first */
  turn(signal: AbortSignal): Promise<void>;
  leave(): void;
}

/** Initial guess, corrected by the first recordings. */
const firstGuessSec = 5;
const retryAfterMaxSec = 60;

export class Admission {
  readonly #queue: PQueue;
  readonly #placesMax: number;
  readonly #runningMax: number;
  readonly #noun: string;
  #places = 0;
  #isDraining = false;
  /** Refuses the requests that wait. */
  readonly #refuse = new Set<(error: DrainingError) => void>();
  readonly #left = new Set<() => void>();
  /** Exponential mean; the latest value has a weight of a tenth. */
  #usualSec = firstGuessSec;

  /** @param limits.noun a noun for the refusal; default "recording" */
  constructor(limits: { readonly runningMax: number; readonly waitingMax: number; readonly noun?: string }) {
    const { runningMax, waitingMax, noun = 'recording' } = limits;
    this.#noun = noun;
    this.#queue = new PQueue({ concurrency: runningMax });
    this.#runningMax = runningMax;
    this.#placesMax = runningMax + waitingMax;
  }

  get state(): { waiting: number; running: number } {
    return { waiting: this.#places - this.#queue.pending, running: this.#queue.pending };
  }

  /** The usual time of a request, from its turn to its end. */
  get usualSec(): number {
    return this.#usualSec;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Refuses new and waiting requests from now on. Resolves when those that run have ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const refuse of this.#refuse) refuse(new DrainingError());
    while (this.#places > 0) await new Promise<void>((resolve) => this.#left.add(resolve));
  }

  /** @throws {QueueFullError} when every slot is taken
   *  @throws {DrainingError} */
  enter(): Place {
    if (this.#isDraining) throw new DrainingError();
    if (this.#places >= this.#placesMax) throw new QueueFullError(this.#retryAfterSec(), this.#placesMax, this.#noun);
    this.#places++;
    const left = Promise.withResolvers<void>();
    let isHere = true;
    let turnAt: number | null = null;
    return {
      turn: async (signal) => {
        signal.throwIfAborted();
        if (this.#isDraining) throw new DrainingError();
        const turn = Promise.withResolvers<void>();
        const refused = new AbortController();
        const refuse = (error: DrainingError): void => refused.abort(error);
        this.#refuse.add(refuse);
        // An abort removes it from the queue, or ends its turn early.
        const held = this.#queue.add(
          () => {
            turnAt = performance.now();
            this.#refuse.delete(refuse);
            turn.resolve();
            return left.promise;
          },
          { signal: AbortSignal.any([signal, refused.signal]) },
        );
        held.catch(() => turn.reject(signal.aborted ? signal.reason : refused.signal.reason));
        try {
          await turn.promise;
        } finally {
          this.#refuse.delete(refuse);
        }
      },
      leave: () => {
        if (!isHere) return;
        isHere = false;
        this.#places--;
        if (turnAt !== null) this.#usualSec += ((performance.now() - turnAt) / 1000 - this.#usualSec) / 10;
        left.resolve();
        for (const heard of this.#left) heard();
        this.#left.clear();
      },
    };
  }

  /** When a slot is likely to be free: the usual time of a recording divided by the number that run concurrently. */
  #retryAfterSec(): number {
    const guessSec = (this.#usualSec * (this.state.waiting + 1)) / this.#runningMax;
    return Math.min(retryAfterMaxSec, Math.max(1, Math.ceil(guessSec)));
  }
}
