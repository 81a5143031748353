/** Gathers prepared windows of all running recordings into batches, and returns each its own output.
 *
 *  A batch is sent when it is full or `gatherMs` have passed, and a request slot is free. So a slow engine gets larger batches,
 *  and a fast one does not wait.
 */
import { LeitmotifError } from '../../../src/errors.ts';

export interface WindowBatcherOptions {
  /** Called before each batch, because the limit may change. */
  readonly batchMax: () => number;
  readonly inFlightMax: number;
  readonly gatherMs: number;
  /** @returns one output for each input, in order. The signal aborts when all callers of the batch have cancelled. */
  readonly infer: (inputs: readonly Float32Array[], signal: AbortSignal) => Promise<Float32Array[]>;
  readonly onBatch?: ((windows: number) => void) | undefined;
}

export interface BatchedOutput {
  readonly output: Float32Array;
  /** The batch's time divided by its windows. */
  readonly computeMs: number;
}

interface Waiting {
  readonly input: Float32Array;
  readonly signal: AbortSignal;
  readonly resolve: (output: BatchedOutput) => void;
  readonly reject: (reason: unknown) => void;
  /** Answered or cancelled. */
  settled: boolean;
}

export class WindowBatcher {
  readonly #options: WindowBatcherOptions;
  /** In order of arrival. Bounded, because each recording has a limited number of windows in flight. */
  #waiting: Waiting[] = [];
  readonly #inFlight = new Set<AbortController>();
  #gathering: NodeJS.Timeout | null = null;
  #closed: unknown = null;

  constructor(options: WindowBatcherOptions) {
    this.#options = options;
  }

  /** @throws the error of `infer`; the signal's reason, at once on abort */
  add(input: Float32Array, signal: AbortSignal): Promise<BatchedOutput> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<BatchedOutput>();
    const window: Waiting = { input, signal, resolve, reject, settled: false };
    const onAbort = (): void => {
      this.#settle(window, () => reject(signal.reason));
      this.#waiting = this.#waiting.filter((other) => other !== window);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const forget = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(forget, forget);
    this.#waiting.push(window);
    this.#gather();
    return promise;
  }

  /** Rejects all waiting windows with the reason, and aborts running requests. */
  close(reason: unknown): void {
    this.#closed = reason;
    if (this.#gathering) clearTimeout(this.#gathering);
    for (const window of this.#waiting.splice(0)) this.#settle(window, () => window.reject(reason));
    for (const batch of this.#inFlight) batch.abort(reason);
  }

  #gather(): void {
    if (this.#waiting.length === 0 || this.#inFlight.size >= this.#options.inFlightMax) return;
    if (this.#waiting.length >= this.#options.batchMax()) {
      this.#send();
      return;
    }
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      if (this.#inFlight.size < this.#options.inFlightMax) this.#send();
    }, this.#options.gatherMs);
  }

  #send(): void {
    const batch = this.#waiting.splice(0, this.#options.batchMax());
    if (batch.length === 0) return;
    const leave = new AbortController();
    this.#inFlight.add(leave);
    // The request continues while any caller waits for one of its windows.
    const onAbort = (): void => {
      if (batch.every(({ signal }) => signal.aborted)) leave.abort(batch[0]?.signal.reason);
    };
    for (const { signal } of batch) signal.addEventListener('abort', onAbort, { once: true });
    this.#options.onBatch?.(batch.length);
    this.#infer(batch, leave.signal).finally(() => {
      for (const { signal } of batch) signal.removeEventListener('abort', onAbort);
      this.#inFlight.delete(leave);
      this.#gather();
    });
    this.#gather();
  }

  async #infer(batch: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    try {
      const outputs = await this.#options.infer(
        batch.map(({ input }) => input),
        signal,
      );
      if (outputs.length !== batch.length) {
        throw new LeitmotifError(
          'inference-failed',
          `Cannot embed: expected ${batch.length} outputs, got ${outputs.length}`,
        );
      }
      const computeMs = (performance.now() - startedAt) / batch.length;
      for (const [i, window] of batch.entries()) {
        this.#settle(window, () => window.resolve({ output: outputs[i] as Float32Array, computeMs }));
      }
    } catch (error) {
      for (const window of batch) this.#settle(window, () => window.reject(error));
    }
  }

  #settle(window: Waiting, settle: () => void): void {
    if (window.settled) return;
    window.settled = true;
    settle();
  }
}
