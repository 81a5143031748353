/** One inference process and its successors: started, loaded, handed windows, started again with back-off when it dies. */
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
  /** How often a process died over it. */
  deaths: number;
}

export interface LoadFailure {
  /** `process`: it died over it, which may have been bad luck. */
  readonly culprit: 'model' | 'device' | 'process';
  readonly message: string;
}

export interface InferenceProcessEvents {
  readonly onReady: (ready: Extract<FromInferenceProcess, { type: 'ready' }>) => void;
  /** It was refused by the process itself, or the process died, or was killed for hanging, before it was ready. A
   *  successor is on its way, and asks `load` again. */
  readonly onLoadFailed: (failure: LoadFailure) => void;
  readonly onAnswer: (answer: Extract<FromInferenceProcess, { id: number }>) => void;
  /** After it was ready.
   *  @param lost what it had been handed, the window it was at first */
  readonly onDeath: (lost: WindowTask[], how: string) => void;
}

export interface InferenceProcessOptions {
  readonly entry: URL;
  /** Asked at each start: a successor may be told another device. */
  readonly load: () => LoadMessage;
  /** Loading that takes longer, in charged time (time-charged.ts), counts as hung, as does a window: the process is killed. */
  readonly loadTimeoutMs: number;
  readonly stepTimeoutMs: number;
  readonly events: InferenceProcessEvents;
}

/** First restart at once (a crash by bad luck costs nothing), then doubling to a rate that a log can stand. */
const backOffMs = [0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000] as const;

/** A process that sits in a broken driver cannot even be killed; after this it is given up. */
const unkillableMs = 5_000;

/** Of -20 to 19: a third of the share that a process of ordinary niceness gets when both want the same core. */
const inferenceNiceness = 5;

/** Of 16 MB by default, which is much beside a small model. */
const youngGenerationFlags = ['--max-semi-space-size=2'] as const;

export class InferenceProcess {
  readonly #options: InferenceProcessOptions;
  readonly #inFlight: WindowTask[] = [];
  #child: ChildProcess | null = null;
  #pipe: Writable | null = null;
  #ready = false;
  #closed = false;
  /** Why it is being ended, where that is known better than by its signal. */
  #reason: string | null = null;
  #loadFailure: LoadFailure | null = null;
  #giveUp: (how: string) => void = () => {};
  /** Deaths since a window was last answered. */
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
    this.#giveUp = onGone;
    child.on('exit', (code, signal) => onGone(signal ?? `exit code ${code}`));
    // Emitted when it could not be started, or a message could not be sent: either way it is of no more use.
    child.on('error', (error) => {
      child.kill('SIGKILL');
      onGone(error.message);
    });
    this.#killUnlessDone(this.#options.loadTimeoutMs);
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
    this.#watchdog?.cancel();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    // It holds no state: nothing is gained by asking it politely in the middle of a window.
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
    const [child, giveUp] = [this.#child, this.#giveUp];
    this.#reason = reason;
    child?.kill('SIGKILL');
    setTimeout(() => {
      child?.unref();
      giveUp(reason);
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
    // Only the window that it was at can have killed it; the others were bystanders.
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

/** The HTTP side, and whoever else answers people on this machine, goes first. */
function yieldToOthers(pid: number): void {
  try {
    // Never less nice than whoever started it: a reindex is nicer than this.
    setPriority(pid, Math.max(getPriority(), inferenceNiceness));
  } catch {
    // It died at once, or the system does not let us: it runs as it is.
  }
}
