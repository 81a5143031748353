/** One inference process: started, loaded, given windows, and restarted with back-off when it dies. */
import type { ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectorFlags } from '../../src/embedding/worker-options.ts';
import { forkBound } from '../../src/io/end-with-parent.ts';
import { type ChargedTimer, chargedTimer, usageOf } from '../../src/io/time-charged.ts';
import type { FromInferenceProcess, LoadMessage } from './protocol.ts';
import { writeWindow } from './window-pipe.ts';

export interface WindowTask {
  readonly id: number;
  readonly samples: Float32Array;
  /** Number of processes that died over it. */
  deaths: number;
}

export interface LoadFailure {
  /** `process`: the process died while loading, which may be chance. */
  readonly culprit: 'model' | 'device' | 'process';
  readonly message: string;
}

export interface InferenceProcessEvents {
  readonly onReady: (ready: Extract<FromInferenceProcess, { type: 'ready' }>) => void;
  /** The process refused to load, died, or was killed for hanging before it was ready. It is restarted and calls `load`
   *  again. */
  readonly onLoadFailed: (failure: LoadFailure) => void;
  readonly onAnswer: (answer: Extract<FromInferenceProcess, { id: number }>) => void;
  /** The process died after it was ready.
   *  @param lost its unanswered windows, the one in computation first */
  readonly onDeath: (lost: WindowTask[], how: string) => void;
}

export interface InferenceProcessOptions {
  readonly entry: URL;
  /** Called at each start, because the device may change. */
  readonly load: () => LoadMessage;
  /** Limits in charged time (time-charged.ts). A process that exceeds one while loading or over a window is killed. */
  readonly loadTimeoutMs: number;
  readonly stepTimeoutMs: number;
  readonly events: InferenceProcessEvents;
}

/** The first restart is immediate; later delays double up to a rate that does not flood the log. */
const backOffMs = [0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000] as const;

/** A process blocked in a broken driver cannot be killed; after this time it is abandoned. */
const unkillableMs = 5_000;

/** A third of the share of a process with niceness 0 when both want the same core. */
const inferenceNiceness = 5;

/** The default is 16 MB, which is much compared with a small model. */
const youngGenerationFlags = ['--max-semi-space-size=2'] as const;

export class InferenceProcess {
  readonly #options: InferenceProcessOptions;
  readonly #inFlight: WindowTask[] = [];
  #child: ChildProcess | null = null;
  #pipe: Writable | null = null;
  #ready = false;
  #closed = false;
  /** Reason for a kill, if known better than by the signal. */
  #reason: string | null = null;
  #loadFailure: LoadFailure | null = null;
  #fail: (how: string) => void = () => {};
  /** Deaths since the last answered window. */
  #deathsInARow = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #watchdog: ChargedTimer | undefined;

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
    const child = forkBound(this.#options.entry, {
      serialization: 'advanced',
      execArgv: [...collectorFlags, ...youngGenerationFlags],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    this.#child = child;
    const pipe = child.stdio[4];
    if (!(pipe instanceof Writable)) throw new TypeError('Cannot start an inference process: expected its fifth pipe');
    // A broken pipe is followed by 'exit', which handles the windows in flight.
    pipe.on('error', () => {});
    this.#pipe = pipe;
    if (child.pid !== undefined) yieldToOthers(child.pid);
    child.on('message', (message: FromInferenceProcess) => {
      // Late messages of a dead process are ignored: its windows are computed again.
      if (child === this.#child) this.#onMessage(message);
    });
    let hasExited = false;
    const onExit = (how: string): void => {
      if (hasExited) return;
      hasExited = true;
      this.#onDeath(how);
    };
    this.#fail = onExit;
    child.on('exit', (code, signal) => onExit(signal ?? `exit code ${code}`));
    // Emitted when the process could not be started or a message could not be sent: it is unusable in both cases.
    child.on('error', (error) => {
      child.kill('SIGKILL');
      onExit(error.message);
    });
    this.#killUnlessDone(this.#options.loadTimeoutMs);
    if (child.connected) child.send(this.#options.load(), () => {});
  }

  submit(task: WindowTask): void {
    this.#inFlight.push(task);
    if (this.#inFlight.length === 1) this.#beginHead();
    if (this.#pipe?.writable) writeWindow(this.#pipe, task);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#watchdog?.cancel();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    // The process has no state, so it is killed without notice.
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await Promise.race([exited, sleep(unkillableMs, undefined, { ref: false })]);
  }

  #onMessage(message: FromInferenceProcess): void {
    const { events } = this.#options;
    if (message.type === 'ready') {
      this.#watchdog?.cancel();
      this.#ready = true;
      events.onReady(message);
    } else if (message.type === 'load-failed') {
      this.#loadFailure = message;
      this.#kill(message.message);
    } else if (message.type === 'device-lost') {
      this.#kill(message.message);
    } else {
      this.#deathsInARow = 0;
      this.#inFlight.splice(0, this.#inFlight.findIndex(({ id }) => id === message.id) + 1);
      this.#beginHead();
      events.onAnswer(message);
    }
  }

  #beginHead(): void {
    this.#watchdog?.cancel();
    const head = this.#inFlight[0];
    if (!head) return;
    this.#killUnlessDone(this.#options.stepTimeoutMs);
  }

  #killUnlessDone(timeoutMs: number): void {
    const pid = this.#child?.pid ?? 0;
    const seconds = Math.round(timeoutMs / 1000);
    const reason = `no sign of life within ${seconds} s of its own time`;
    this.#watchdog = chargedTimer(
      () => usageOf(pid),
      timeoutMs,
      () => this.#kill(reason),
    );
  }

  #kill(reason: string): void {
    const [child, fail] = [this.#child, this.#fail];
    this.#reason = reason;
    child?.kill('SIGKILL');
    setTimeout(() => {
      child?.unref();
      fail(reason);
    }, unkillableMs).unref();
  }

  #onDeath(seen: string): void {
    const how = this.#reason ?? seen;
    const loadFailure = this.#loadFailure ?? (this.#ready ? null : { culprit: 'process' as const, message: how });
    this.#watchdog?.cancel();
    this.#ready = false;
    this.#child = null;
    this.#pipe = null;
    this.#reason = null;
    this.#loadFailure = null;
    const lost = this.#inFlight.splice(0);
    // Only the window in computation can have caused the death.
    if (lost[0]) lost[0].deaths++;
    if (!this.#closed) {
      const delayMs = backOffMs[Math.min(this.#deathsInARow, backOffMs.length - 1)] ?? 0;
      this.#deathsInARow++;
      this.#restartTimer = setTimeout(() => this.start(), delayMs);
    }
    if (loadFailure) this.#options.events.onLoadFailed(loadFailure);
    else this.#options.events.onDeath(lost, how);
  }
}

/** Gives the HTTP server and other interactive processes precedence. */
function yieldToOthers(pid: number): void {
  try {
    // At least the niceness of the parent: a reindex has a higher one.
    setPriority(pid, Math.max(getPriority(), inferenceNiceness));
  } catch {
    // The process died at once, or the system refuses: the niceness stays unchanged.
  }
}
