/** One inference process and its successors: started, loaded, handed windows, started again with back-off when it dies. */
import { type ChildProcess, fork } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { Writable } from 'node:stream';
import { collectorFlags } from '../../src/embedding/worker-options.ts';
import type { FromInferenceProcess, LoadMessage } from './protocol.ts';
import { writeWindow } from './window-pipe.ts';

export interface WindowTask {
  readonly id: number;
  readonly samples: Float32Array;
  /** How often a process died over it. */
  deaths: number;
}

export interface InferenceProcessEvents {
  readonly onReady: (ready: Extract<FromInferenceProcess, { type: 'ready' }>) => void;
  readonly onLoadFailed: (message: string) => void;
  readonly onAnswer: (answer: Extract<FromInferenceProcess, { id: number }>) => void;
  /** @param lost what it had been handed, the window it was at first */
  readonly onDeath: (lost: WindowTask[], how: string) => void;
}

export interface InferenceProcessOptions {
  readonly entry: URL;
  /** Asked at each start: a successor may be told another device. */
  readonly load: () => LoadMessage;
  /** Loading, or a window, that takes longer counts as hung: the process is killed. */
  readonly stepTimeoutMs: number;
  readonly events: InferenceProcessEvents;
}

/** First restart at once (a crash by bad luck costs nothing), then doubling to a rate that a log can stand. */
const backOffMs = [0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000] as const;

/** Of -20 to 19: a third of the share that a process of ordinary niceness gets when both want the same core. */
const inferenceNiceness = 5;

export class InferenceProcess {
  readonly #options: InferenceProcessOptions;
  readonly #inFlight: WindowTask[] = [];
  #child: ChildProcess | null = null;
  #pipe: Writable | null = null;
  #ready = false;
  #closed = false;
  /** Deaths since a window was last answered. */
  #deathsInARow = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: InferenceProcessOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const child = fork(this.#options.entry, [], {
      serialization: 'advanced',
      execArgv: [...collectorFlags],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    this.#child = child;
    const pipe = child.stdio[4];
    if (!(pipe instanceof Writable)) throw new TypeError('Cannot start an inference process: expected its fifth pipe');
    // A broken pipe is followed by 'exit', which sees to what was in flight.
    pipe.on('error', () => {});
    this.#pipe = pipe;
    if (child.pid !== undefined) yieldToOthers(child.pid);
    child.on('message', (message: FromInferenceProcess) => {
      // What still drips out of the channel of a dead process is computed again anyway.
      if (child === this.#child) this.#onMessage(message);
    });
    let gone = false;
    const onGone = (how: string): void => {
      if (gone) return;
      gone = true;
      this.#onDeath(how);
    };
    child.on('exit', (code, signal) => onGone(signal ?? `exit code ${code}`));
    // Emitted when it could not be started, or a message could not be sent: either way it is of no more use.
    child.on('error', (error) => {
      child.kill('SIGKILL');
      onGone(error.message);
    });
    this.#killUnlessDone();
    if (child.connected) child.send(this.#options.load(), () => {});
  }

  hand(task: WindowTask): void {
    this.#inFlight.push(task);
    if (this.#inFlight.length === 1) this.#beginHead();
    if (this.#pipe?.writable) writeWindow(this.#pipe, task);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#watchdog);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    // It holds no state: nothing is gained by asking it politely in the middle of a window.
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await exited;
  }

  #onMessage(message: FromInferenceProcess): void {
    const { events } = this.#options;
    if (message.type === 'ready') {
      clearTimeout(this.#watchdog);
      this.#ready = true;
      events.onReady(message);
    } else if (message.type === 'load-failed') {
      events.onLoadFailed(message.message);
      this.#child?.kill('SIGKILL');
    } else {
      this.#deathsInARow = 0;
      this.#inFlight.splice(0, this.#inFlight.findIndex(({ id }) => id === message.id) + 1);
      this.#beginHead();
      events.onAnswer(message);
    }
  }

  #beginHead(): void {
    clearTimeout(this.#watchdog);
    const head = this.#inFlight[0];
    if (!head) return;
    this.#killUnlessDone();
  }

  #killUnlessDone(): void {
    this.#watchdog = setTimeout(() => this.#child?.kill('SIGKILL'), this.#options.stepTimeoutMs).unref();
  }

  #onDeath(how: string): void {
    clearTimeout(this.#watchdog);
    this.#ready = false;
    this.#child = null;
    this.#pipe = null;
    const lost = this.#inFlight.splice(0);
    // Only the window that it was at can have killed it; the others were bystanders.
    if (lost[0]) lost[0].deaths++;
    if (this.#closed) {
      this.#options.events.onDeath(lost, how);
      return;
    }
    const delayMs = backOffMs[Math.min(this.#deathsInARow, backOffMs.length - 1)] ?? 0;
    this.#deathsInARow++;
    this.#restartTimer = setTimeout(() => this.start(), delayMs);
    this.#options.events.onDeath(lost, how);
  }
}

/** The HTTP side, and whoever else answers people on this machine, goes first. */
function yieldToOthers(pid: number): void {
  try {
    // Never less nice than whoever started it: a reindex is nicer than this.
    setPriority(pid, Math.max(getPriority(), inferenceNiceness));
  } catch {
    // It died at once, or the system does not let us: it runs as it is.
  }
}
