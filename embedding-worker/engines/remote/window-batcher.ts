/** Gathers prepared windows of all recordings under way into batches, and hands each its own output.
 *
 *  A batch goes as soon as it is full, or the first of it has waited `gatherMs`, and a place is free: an engine that is
 *  slower than the windows come is sent larger batches, one that is faster is not kept waiting.
 */
import { LeitmotifError } from '../../../src/errors.ts';

export interface WindowBatcherOptions {
  /** Asked before each batch: an engine learns what it takes. */
  readonly batchMax: () => number;
  readonly inFlightMax: number;
  readonly gatherMs: number;
  /** @returns as many outputs, in order. Its signal is aborted when nobody waits for any of them any more. */
  readonly infer: (inputs: readonly Float32Array[], signal: AbortSignal) => Promise<Float32Array[]>;
  readonly onBatch?: ((windows: number) => void) | undefined;
}

export interface BatchedOutput {
  readonly output: Float32Array;
  /** The batch's time shared by its windows. */
  readonly computeMs: number;
}

interface Waiting {
  readonly input: Float32Array;
  readonly signal: AbortSignal;
  readonly resolve: (output: BatchedOutput) => void;
  readonly reject: (reason: unknown) => void;
  /** Answered, or nobody waits for it any more. */
  settled: boolean;
}

export class WindowBatcher {
  readonly #options: WindowBatcherOptions;
  /** In order of arrival. Bounded by what the recordings under way may hand over. */
  #waiting: Waiting[] = [];
  readonly #inFlight = new Set<AbortController>();
  #gathering: NodeJS.Timeout | null = null;
  #closed: unknown = null;

  constructor(options: WindowBatcherOptions) {
    this.#options = options;
  }

  /** @throws what `infer` throws; the signal's reason, at once, when it is aborted */
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

  /** Whoever waits hears the reason; what is under way is cut. */
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
    // The request is of use as long as anybody waits for a window of it.
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

  #settle(window: Waiting, how: () => void): void {
    if (window.settled) return;
    window.settled = true;
    how();
  }
}
