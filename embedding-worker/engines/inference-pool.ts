/** The engine of this machine: inference processes, one thread each, handed windows one by one.
 *
 *  On a CPU single windows across processes, not batches: batching gains nothing there and blocks longer (search-facts).
 *  A GPU has one process, which makes batches of what waits. Which of the two it is, the first process finds out.
 */
import type { EmbeddingDevice } from '../../src/embedding/worker-options.ts';
import { LeitmotifError } from '../../src/errors.ts';
import { gpuBatchMax, gpuMayBeThere } from './devices.ts';
import type { EmbeddedWindow, EmbeddingEngine } from './engine.ts';
import { InferenceProcess, type WindowTask } from './inference-process.ts';
import type { ExecutionProvider } from './onnx.ts';
import type { FromInferenceProcess, LoadMessage, ProcessedWindow } from './protocol.ts';

export interface InferencePoolOptions {
  readonly manifestPath: string;
  readonly windowSec: number;
  readonly device: EmbeddingDevice;
  readonly gives: LoadMessage['gives'];
  /** On a CPU; a GPU has one. */
  readonly processes: number;
  readonly stepTimeoutMs: number;
  /** A process died, `how` tells its signal or exit code; its successor is on its way. */
  readonly onDeath: (how: string) => void;
  /** A process works on this device; the others were tried first. */
  readonly onDevice?: (device: ExecutionProvider, passedOver: readonly string[]) => void;
}

/** On a CPU: one window being computed and one on its way, so that no process waits for the channel. */
const inFlightPerCpuProcess = 2;
/** A batch being computed, and the next on its way. */
const inFlightPerGpuProcess = 2 * gpuBatchMax;
/** A window that two processes died over is taken for the cause. */
const deathsMax = 2;

interface PendingWindow {
  readonly task: WindowTask;
  readonly resolve: (window: ProcessedWindow) => void;
  readonly reject: (reason: unknown) => void;
}

/** From a kill to its being heard of: freeing a large model takes the kernel some milliseconds. */
const corpsesKnownMs = 100;

export class InferencePool implements EmbeddingEngine {
  readonly #options: InferencePoolOptions;
  #processes: InferenceProcess[];
  #device: ExecutionProvider = 'cpu';
  /** Every window that was asked for and not answered, by id. */
  readonly #pending = new Map<number, PendingWindow>();
  /** Those that no process has, in order. Bounded by what the recordings under way may hand over (`inFlightMax`). */
  #waiting: WindowTask[] = [];
  #nextId = 0;
  #closed = false;
  /** Called when a process becomes ready or cannot load; set while `start` waits. */
  #onLoaded: ((failure: string | null) => void) | null = null;

  constructor(options: InferencePoolOptions) {
    this.#options = options;
    this.#processes = Array.from({ length: options.processes }, () => this.#newProcess());
  }

  get device(): string {
    return this.#device;
  }

  get inFlightMax(): number {
    return this.#processes.length * this.#inFlightPerProcess + 1;
  }

  get #inFlightPerProcess(): number {
    return this.#device === 'cpu' ? inFlightPerCpuProcess : inFlightPerGpuProcess;
  }

  get ready(): boolean {
    return this.#processes.some(({ ready }) => ready);
  }

  /** Of the processes that live, for whoever measures them. */
  get pids(): number[] {
    return this.#processes.map(({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  async start(): Promise<void> {
    const [first, ...others] = this.#processes;
    if (!first) throw new RangeError('Cannot start a pool of no processes');
    if (!this.#mayUseGpu) return this.#untilReady(this.#processes);
    await this.#untilReady([first]);
    if (this.#device === 'cpu') await this.#untilReady(others);
    else this.#processes = [first];
  }

  /** @returns when all of them are ready @throws {LeitmotifError} config-invalid when one cannot load the model */
  #untilReady(processes: readonly InferenceProcess[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onLoaded = (failure) => {
        if (failure !== null) reject(new LeitmotifError('config-invalid', failure));
        else if (processes.every(({ ready }) => ready)) resolve();
        else return;
        this.#onLoaded = null;
      };
      for (const process of processes) process.start();
      if (processes.length === 0) this.#onLoaded(null);
    });
  }

  async embed(samples: Float32Array, signal: AbortSignal): Promise<EmbeddedWindow> {
    const { values: vector, ...window } = await this.process(samples, signal);
    return { ...window, vector };
  }

  /** @throws as {@link EmbeddingEngine.embed} */
  process(samples: Float32Array, signal: AbortSignal): Promise<ProcessedWindow> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<ProcessedWindow>();
    const task: WindowTask = { id: this.#nextId++, samples, deaths: 0 };
    const onAbort = (): void => this.#settle(task.id, ({ reject }) => reject(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#pending.set(task.id, {
      task,
      resolve: (window) => {
        signal.removeEventListener('abort', onAbort);
        resolve(window);
      },
      reject: (reason) => {
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      },
    });
    this.#waiting.push(task);
    this.#dispatch();
    return promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id, ({ reject }) => reject(new LeitmotifError('worker-unavailable', 'The worker is stopping')));
    }
    await Promise.all(this.#processes.map((process) => process.close()));
  }

  get #mayUseGpu(): boolean {
    const { device, gives } = this.#options;
    return gives === 'vector' && device !== 'cpu' && (device !== 'auto' || gpuMayBeThere());
  }

  #newProcess(): InferenceProcess {
    const { manifestPath, windowSec, device, gives, stepTimeoutMs, onDeath } = this.#options;
    return new InferenceProcess({
      entry: new URL('../inference-child.ts', import.meta.url),
      load: () => ({ type: 'load', manifestPath, windowSec, device: this.#mayUseGpu ? device : 'cpu', gives }),
      stepTimeoutMs,
      events: {
        onReady: (ready) => this.#onProcessReady(ready),
        onLoadFailed: (message) => this.#onLoadFailed(message),
        onAnswer: (answer) => this.#onAnswer(answer),
        onDeath: (lost, how) => {
          if (!this.#closed) onDeath(how);
          this.#onDeath(lost);
        },
      },
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const free = this.#leastBusy();
      const task = free && this.#waiting.shift();
      if (!free || !task) return;
      // Given up while it waited.
      if (this.#pending.has(task.id)) free.hand(task);
    }
  }

  #leastBusy(): InferenceProcess | undefined {
    let best: InferenceProcess | undefined;
    for (const process of this.#processes) {
      if (!process.ready || process.inFlight >= this.#inFlightPerProcess) continue;
      if (!best || process.inFlight < best.inFlight) best = process;
    }
    return best;
  }

  #settle(id: number, how: (pending: PendingWindow) => void): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.#waiting = this.#waiting.filter((task) => task.id !== id);
    how(pending);
  }

  #onAnswer(answer: Extract<FromInferenceProcess, { id: number }>): void {
    this.#settle(answer.id, ({ resolve, reject }) => {
      if (answer.type === 'embedded') resolve(answer.window);
      else reject(new LeitmotifError('inference-failed', answer.message));
    });
    this.#dispatch();
  }

  #onProcessReady({ device, passedOver }: Extract<FromInferenceProcess, { type: 'ready' }>): void {
    this.#device = device;
    this.#options.onDevice?.(device, passedOver);
    this.#onLoaded?.(null);
    this.#dispatch();
  }

  /** A model that went bad under a running worker: nobody waits for the back-off to end while no process is left. */
  #onLoadFailed(message: string): void {
    this.#onLoaded?.(message);
    if (this.ready) return;
    for (const { id } of [...this.#waiting]) {
      this.#settle(id, ({ reject }) => reject(new LeitmotifError('inference-failed', message)));
    }
  }

  #onDeath(lost: readonly WindowTask[]): void {
    const again = lost.filter((task) => this.#pending.has(task.id));
    for (const task of again.filter(({ deaths }) => deaths >= deathsMax)) {
      this.#settle(task.id, ({ reject }) =>
        reject(new LeitmotifError('inference-failed', `Cannot embed a window: ${deathsMax} processes died over it`)),
      );
    }
    // Processes that are killed together die together, but are heard of one by one: a window handed to the next corpse at
    // once would be blamed for its death as well.
    setTimeout(() => {
      this.#waiting.unshift(...again.filter(({ id, deaths }) => deaths < deathsMax && this.#pending.has(id)));
      this.#dispatch();
    }, corpsesKnownMs);
  }
}
