/** Admission control: limits running and queued requests. Text queries have their own queue. */
import PQueue from 'p-queue';
import { LeitmotifError } from '../src/errors.ts';

export class QueueFullError extends LeitmotifError {
  readonly retryAfterSec: number;

  constructor(retryAfterSec: number, placesMax: number, noun: string) {
    super('queue-full', `Cannot take another ${noun}: ${placesMax} are here already`);
    this.retryAfterSec = retryAfterSec;
  }
}

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

  /** @throws {QueueFullError} when every slot is taken */
  enter(): Place {
    if (this.#places >= this.#placesMax) throw new QueueFullError(this.#retryAfterSec(), this.#placesMax, this.#noun);
    this.#places++;
    const left = Promise.withResolvers<void>();
    let isHere = true;
    let turnAt: number | null = null;
    return {
      turn: async (signal) => {
        signal.throwIfAborted();
        const turn = Promise.withResolvers<void>();
        // An abort removes it from the queue, or ends its turn early.
        const held = this.#queue.add(
          () => {
            turnAt = performance.now();
            turn.resolve();
            return left.promise;
          },
          { signal },
        );
        held.catch(() => turn.reject(signal.reason));
        await turn.promise;
      },
      leave: () => {
        if (!isHere) return;
        isHere = false;
        this.#places--;
        if (turnAt !== null) this.#usualSec += ((performance.now() - turnAt) / 1000 - this.#usualSec) / 10;
        left.resolve();
      },
    };
  }

  /** When a slot is likely to be free: the usual time of a recording divided by the number that run concurrently. */
  #retryAfterSec(): number {
    const guessSec = (this.#usualSec * (this.state.waiting + 1)) / this.#runningMax;
    return Math.min(retryAfterMaxSec, Math.max(1, Math.ceil(guessSec)));
  }
}
