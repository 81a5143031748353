/** The local engine: inference processes with one thread each, which receive windows one by one.
 *
 *  On a CPU, single windows are spread over processes: batches gain nothing there and block longer. A GPU has one process,
 *  which batches the waiting windows. The first process finds the device: it is started on one device after another until it
 *  is ready. If an automatically chosen GPU fails later, it is skipped in the same way and the worker continues on the CPU.
 */
import type { EmbeddingDevice } from '../../src/embedding/worker-options.ts';
import { LeitmotifError } from '../../src/errors.ts';
import type { Model } from '../../src/models/manifest.ts';
import { DeviceChoice } from './device-choice.ts';
import { devicesToTry, deviceUnusable, gpuBatchMax } from './devices.ts';
import type { EmbeddedWindow, EmbeddingEngine } from './engine.ts';
import { InferenceProcess, type LoadFailure, type WindowTask } from './inference-process.ts';
import type { ExecutionProvider } from './onnx.ts';
import type { FromInferenceProcess, LoadMessage, ProcessedWindow } from './protocol.ts';

export interface InferencePoolOptions {
  readonly model: Model;
  readonly windowSec: number;
  readonly device: EmbeddingDevice;
  readonly gives: LoadMessage['gives'];
  /** Number of CPU processes; a GPU has one. */
  readonly processes: number;
  /** The others start when windows have waited this long for the first one; 0: as soon as the first is ready. */
  readonly startsOthersAfterMs?: number;
  /** Limits for loading, and for a window or (on a GPU) a batch. */
  readonly loadTimeoutMs: number;
  readonly stepTimeoutMs: number;
  /** A process died; `how` is its signal, exit code or reason. It is restarted. */
  readonly onDeath: (how: string) => void;
  /** A process is ready on this device; `passedOver` lists the rejected ones. */
  readonly onDevice?: (device: ExecutionProvider, passedOver: readonly string[]) => void;
  /** Default: looks for device files. */
  readonly gpuMayBeThere?: () => boolean;
}

/** One window in computation and one in transfer, so that no process waits for the pipe. */
const inFlightPerCpuProcess = 2;
/** One batch in computation and one in transfer. */
const inFlightPerGpuProcess = 2 * gpuBatchMax;
/** After two deaths over one window, the window counts as the cause. */
const deathsMax = 2;
/** Deaths without an answered window in between. After so many during loading, the model counts as unloadable. After so many
 *  on an automatically chosen GPU, that GPU is skipped. */
const deathsInARowMax = 3;

interface PendingWindow {
  readonly task: WindowTask;
  readonly resolve: (window: ProcessedWindow) => void;
  readonly reject: (reason: unknown) => void;
}

/** Delay before the windows of a dead process are given to another. Exits of processes that die together are reported at
 *  different times, because the kernel takes some milliseconds to free a large model. */
const exitGraceMs = 100;

export class InferencePool implements EmbeddingEngine {
  readonly #options: InferencePoolOptions;
  /** One on a GPU, all of them on a CPU. */
  readonly #processes: InferenceProcess[] = [];
  readonly #devices: DeviceChoice;
  #everReady = false;
  #deathsInARow = 0;
  /** Every unanswered window, by id. */
  readonly #pending = new Map<number, PendingWindow>();
  /** Windows that no process has, in order. Bounded, because each running recording may have only `inFlightMax` windows. */
  #waiting: WindowTask[] = [];
  #nextId = 0;
  #closed = false;
  /** Runs while windows wait and the others have not started. */
  #othersTimer: NodeJS.Timeout | undefined;
  /** Called when a process becomes ready or cannot load; set while `start` waits. */
  #onLoaded: ((failure: LeitmotifError | null) => void) | null = null;

  constructor(options: InferencePoolOptions) {
    this.#options = options;
    const { gives, device, gpuMayBeThere } = options;
    this.#devices = new DeviceChoice(gives === 'vector' ? devicesToTry(device, gpuMayBeThere) : ['cpu']);
  }

  get device(): string {
    return this.#everReady ? this.#devices.current : 'loading';
  }

  get passedOver(): readonly string[] {
    return this.#devices.passedOver;
  }

  get inFlightMax(): number {
    return this.#wanted * this.#inFlightPerProcess + 1;
  }

  get #wanted(): number {
    return this.#devices.current === 'cpu' ? this.#options.processes : 1;
  }

  get #inFlightPerProcess(): number {
    return this.#devices.current === 'cpu' ? inFlightPerCpuProcess : inFlightPerGpuProcess;
  }

  get ready(): boolean {
    return this.#processes.some(({ ready }) => ready);
  }

  /** Pids of the running processes, for metrics. */
  get pids(): number[] {
    return this.#processes.map(({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  /** @throws {LeitmotifError} config-invalid when the model cannot be loaded, or not on the device set by name;
   *    worker-unavailable when processes died or hung during loading */
  start(): Promise<void> {
    const { device, gives } = this.#options;
    if (gives === 'network-input' && device !== 'auto' && device !== 'cpu') {
      return Promise.reject(deviceUnusable(device, 'the network runs elsewhere, and what comes before it on the CPU'));
    }
    return new Promise((resolve, reject) => {
      this.#onLoaded = (failure) => {
        if (failure) reject(failure);
        else resolve();
        this.#onLoaded = null;
      };
      this.#startProcesses(1);
    });
  }

  /** Starts processes up to this number. */
  #startProcesses(wanted: number): void {
    while (this.#processes.length < wanted && !this.#closed) {
      const process = this.#newProcess();
      this.#processes.push(process);
      process.start();
    }
  }

  async embed(samples: Float32Array, signal: AbortSignal): Promise<EmbeddedWindow> {
    const { values, ...window } = await this.process(samples, signal);
    return { ...window, vector: values.subarray(0, this.#options.model.manifest.dimensions), headInputs: values };
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
    clearTimeout(this.#othersTimer);
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id, ({ reject }) => reject(new LeitmotifError('worker-unavailable', 'The worker is stopping')));
    }
    await Promise.all(this.#processes.map((process) => process.close()));
  }

  #newProcess(): InferenceProcess {
    const { model, windowSec, device, gives, processes, loadTimeoutMs, stepTimeoutMs } = this.#options;
    const beatCpuProcesses = device === 'auto' ? processes : null;
    return new InferenceProcess({
      entry: new URL('../inference-child.ts', import.meta.url),
      load: () => ({ type: 'load', model, windowSec, device: this.#devices.current, beatCpuProcesses, gives }),
      loadTimeoutMs,
      stepTimeoutMs,
      events: {
        onReady: (ready) => this.#onProcessReady(ready),
        onLoadFailed: (failure) => this.#onLoadFailed(failure),
        onAnswer: (answer) => this.#onAnswer(answer),
        onDeath: (lost, how) => this.#onDeath(lost, how),
      },
    });
  }

  #dispatch(): void {
    for (;;) {
      const free = this.#leastBusy();
      const task = free && this.#waiting.shift();
      if (!free || !task) break;
      // Skips tasks that were cancelled while they waited.
      if (this.#pending.has(task.id)) free.submit(task);
    }
    if (this.ready) this.#startOthers();
  }

  /** Called when a process is ready, and whenever windows came or went. The first process finds the device, so it is alone until
   *  then. */
  #startOthers(): void {
    const { startsOthersAfterMs = 0 } = this.#options;
    if (this.#processes.length >= this.#wanted) return;
    if (startsOthersAfterMs === 0) {
      this.#startProcesses(this.#wanted);
    } else if (this.#waiting.length > 0) {
      this.#othersTimer ??= setTimeout(() => this.#startProcesses(this.#wanted), startsOthersAfterMs);
    } else {
      clearTimeout(this.#othersTimer);
      this.#othersTimer = undefined;
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
    this.#deathsInARow = 0;
    this.#settle(answer.id, ({ resolve, reject }) => {
      if (answer.type === 'embedded') resolve(answer.window);
      else reject(new LeitmotifError('inference-failed', answer.message));
    });
    this.#dispatch();
  }

  #onProcessReady({ passedOver }: Extract<FromInferenceProcess, { type: 'ready' }>): void {
    this.#everReady = true;
    this.#devices.accept(passedOver);
    this.#options.onDevice?.(this.#devices.current, this.passedOver);
    this.#onLoaded?.(null);
    this.#dispatch();
  }

  /** Handles a failed start of a process, at the start of the worker or later. When no process is left, waiting windows fail at
   *  once instead of waiting for the back-off. */
  #onLoadFailed({ culprit, message }: LoadFailure): void {
    if (this.#closed) return;
    this.#deathsInARow++;
    const why = culprit === 'process' ? `its process ended (${message})` : message;
    const triesNext = culprit !== 'model' && this.#rejectDevice(why);
    // A death during loading on the CPU may be chance and is retried. A GPU set by name fails at once.
    const isRetried = culprit === 'process' && this.#devices.current === 'cpu' && this.#deathsInARow < deathsInARowMax;
    // At the start, a GPU that does not work is only skipped, and a failure that ends the start is thrown by `start`; neither is
    // reported as a death.
    const isRejected = triesNext && !this.#everReady;
    const endsStart = !triesNext && !isRetried && this.#onLoaded !== null;
    if (!isRejected && !endsStart) this.#options.onDeath(why);
    if (triesNext || isRetried) return;
    const failure = this.#devices.failureOf(culprit, why);
    this.#onLoaded?.(failure);
    if (this.ready) return;
    for (const { id } of [...this.#waiting]) {
      this.#settle(id, ({ reject }) => reject(new LeitmotifError('inference-failed', failure.message)));
    }
  }

  /** @returns whether there is another device to try */
  #rejectDevice(why: string): boolean {
    const triesNext = this.#devices.reject(why);
    if (triesNext) this.#deathsInARow = 0;
    return triesNext;
  }

  #onDeath(lost: readonly WindowTask[], how: string): void {
    if (!this.#closed) {
      this.#options.onDeath(how);
      if (++this.#deathsInARow >= deathsInARowMax && this.#devices.current !== 'cpu')
        this.#rejectDevice(`its process died (${how})`);
    }
    const again = lost.filter((task) => this.#pending.has(task.id));
    for (const task of again.filter(({ deaths }) => deaths >= deathsMax)) {
      this.#settle(task.id, ({ reject }) =>
        reject(new LeitmotifError('inference-failed', `Cannot embed a window: ${deathsMax} processes died over it`)),
      );
    }
    // Processes that are killed together are reported one by one. A window given to the next dead process at once would be
    // blamed for that death too.
    setTimeout(() => {
      this.#waiting.unshift(...again.filter(({ id, deaths }) => deaths < deathsMax && this.#pending.has(id)));
      this.#dispatch();
    }, exitGraceMs);
  }
}
