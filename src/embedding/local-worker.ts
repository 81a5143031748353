/** Runs the embedding worker as a child process: on a unix socket that only its owner can reach, with its own token. It is
 *  restarted with back-off when it dies, and ends when this process ends. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isErrorCode, LeitmotifError } from '../errors.ts';
import { type GroupGuard, guardGroup } from '../io/end-with-parent.ts';
import { lowerPriority } from '../io/niceness.ts';
import { makeSocketFolder } from '../io/socket-folder.ts';
import { type ChargedTimer, chargedTimer, usageOf } from '../io/time-charged.ts';
import { collectorFlags, type WorkerOptions, workerMessage } from './worker-options.ts';

export interface LocalWorkerOptions {
  /** The program, embedding-worker/main.ts. */
  readonly entry: string | URL;
  /** Its start options; this module adds address, token and spool folder. */
  readonly worker: Omit<WorkerOptions, 'listen' | 'token' | 'spoolDir'>;
  /** The worker's complete environment: PATH and similar variables to find ffmpeg, and no secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For the first start, including loading models, in charged time of the worker and its children (time-charged.ts). */
  readonly startTimeoutMs: number;
  /** Called when it first listens, before its models are loaded; see `forOneRecording`. */
  readonly onListening?: (worker: LocalWorker) => void;
  /** Called every ten seconds during the first start with a sentence for the user. */
  readonly onWaiting?: (words: string) => void;
  /** Added to this process's niceness for the worker and its children. */
  readonly niceness?: number;
  /** Called when the worker died and is being restarted. `how` is its signal or exit code, or why it could not start again. */
  readonly onDeath?: (how: string) => void;
}

export interface LocalWorker {
  readonly socketPath: string;
  readonly token: string;
  /** Of the current process; undefined during a restart. */
  readonly pid: number | undefined;
  /** Resolves when the worker is ready: at once, or after its restart.
   *  @throws {LeitmotifError} the reason why it cannot start; the signal's reason */
  whenReady(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const socketName = 'worker.sock';
/** Twice the worker's own limit for an orderly shutdown. */
const stopTimeoutMs = 6_000;
/** The same limit if this process was killed. */
const guardGraceSec = 6;
/** Pauses before restarts: none at first, then doubling. */
const backOffMs = [0, 250, 500, 1_000, 2_000, 4_000, 8_000] as const;
/** After this lifetime, the back-off starts from the beginning. */
const healthyAfterMs = 30_000;

/** Interval of progress messages during a slow start. */
const waitingEachMs = 10_000;

/** @param signal ends the start
 *  @throws {LeitmotifError} the reason why it cannot start, or worker-unavailable on timeout; the signal's reason */
export async function startLocalWorker(options: LocalWorkerOptions, signal?: AbortSignal): Promise<LocalWorker> {
  const folder = makeSocketFolder(socketName);
  const supervisor = new Supervisor(options, folder);
  const tooLong = new AbortController();
  const timer = startTimer(supervisor, options, tooLong);
  try {
    await supervisor.whenReady(signal ? AbortSignal.any([signal, tooLong.signal]) : tooLong.signal);
    return supervisor;
  } catch (error) {
    // Clients that use it since it listens get the same reason.
    await supervisor.close(error);
    throw error;
  } finally {
    timer.cancel();
  }
}

function startTimer(supervisor: LocalWorker, options: LocalWorkerOptions, tooLong: AbortController): ChargedTimer {
  const { startTimeoutMs, onWaiting, worker } = options;
  const noun = worker.models.length === 1 ? 'the model' : 'the models';
  let reportedAtMs = 0;
  const report = ({ wallMs, chargedMs }: ChargedTimer['spent']): void => {
    if (wallMs < reportedAtMs + waitingEachMs) return;
    reportedAtMs = wallMs;
    const [seconds, own] = [Math.round(wallMs / 1000), Math.round(chargedMs / 1000)];
    onWaiting?.(
      `Waiting for the embedding worker, which loads ${noun} ${worker.models.join(', ')}: ` +
        `${seconds} s so far, of which it had ${own} s to itself`,
    );
  };
  const end = (): void => {
    const seconds = Math.round(startTimeoutMs / 1000);
    const message = `The embedding worker did not start within ${seconds} s of its own time`;
    tooLong.abort(new LeitmotifError('worker-unavailable', message));
  };
  return chargedTimer(
    () => (supervisor.pid === undefined ? null : usageOf(supervisor.pid, true)),
    startTimeoutMs,
    end,
    report,
  );
}

class Supervisor implements LocalWorker {
  readonly socketPath: string;
  readonly token = randomBytes(32).toString('base64url');
  readonly #options: LocalWorkerOptions;
  readonly #folder: string;
  #child: ChildProcess | null = null;
  #ready = deferred();
  #isReady = false;
  /** Whether an earlier process was. */
  #wasReady = false;
  /** The worker's error message of the last failed start. */
  #failure: LeitmotifError | null = null;
  #deathsInARow = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LocalWorkerOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.socketPath = path.join(folder, socketName);
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#ready.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** @param reason what waiters get */
  async close(
    reason: unknown = new LeitmotifError('worker-unavailable', 'The embedding worker was stopped'),
  ): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#restartTimer);
      this.#ready.reject(reason);
      this.#ready = deferred();
      this.#ready.reject(reason);
      await this.#stop();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #start(): void {
    const { entry, environment } = this.#options;
    // In its own process group: Ctrl-C in a terminal reaches only the parent, which then closes in order; and the worker
    // with all its children can be killed at once.
    const child = fork(entry, ['--supervised'], {
      env: { ...environment },
      execArgv: [...collectorFlags],
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    lowerPriority(child.pid, this.#options.niceness ?? 0);
    // The guard also removes the socket's folder if this process is killed.
    const guard: GroupGuard | null =
      child.pid === undefined ? null : guardGroup(child.pid, guardGraceSec, this.#folder);
    const startedAt = performance.now();
    let gone = false;
    const onExit = (how: string): void => {
      if (gone) return;
      gone = true;
      killGroup(child);
      guard?.release();
      this.#onDeath(how, performance.now() - startedAt);
    };
    child.on('message', (message) => this.#onMessage(child, message));
    child.on('exit', (code, signal) => onExit(signal ?? `exit code ${code}`));
    child.on('error', (error) => onExit(error.message));
    child.send(
      {
        ...this.#options.worker,
        listen: { socketPath: this.socketPath },
        token: this.token,
        spoolDir: path.join(this.#folder, 'spool'),
      } satisfies WorkerOptions,
      // An error here means the channel is closed; 'exit' follows.
      () => {},
    );
  }

  #onMessage(child: ChildProcess, message: unknown): void {
    const parsed = workerMessage.safeParse(message);
    if (!parsed.success || child !== this.#child) return;
    if (parsed.data.type === 'listening') {
      this.#options.onListening?.(this);
      return;
    }
    if (parsed.data.type === 'failed') {
      const { code, message: text } = parsed.data;
      this.#failure = new LeitmotifError(isErrorCode(code) ? code : 'worker-unavailable', text);
      return;
    }
    this.#isReady = true;
    // From here on the worker must not keep this process alive if close() is never called.
    child.unref();
    child.channel?.unref();
    this.#ready.resolve();
  }

  #onDeath(how: string, livedMs: number): void {
    this.#child = null;
    if (this.#closed) return;
    // The worker may have reported why it cannot start: current waiters get that error, later ones wait for the next start.
    const failure = this.#failure;
    if (failure) this.#ready.reject(failure);
    if (failure || this.#isReady) this.#ready = deferred();
    this.#wasReady ||= this.#isReady;
    this.#failure = null;
    this.#isReady = false;
    if (livedMs >= healthyAfterMs) this.#deathsInARow = 0;
    const delayMs = backOffMs[Math.min(this.#deathsInARow, backOffMs.length - 1)] ?? 0;
    this.#deathsInARow++;
    this.#restartTimer = setTimeout(() => this.#start(), delayMs);
    // The first start has thrown its failure.
    if (this.#wasReady || !failure) this.#options.onDeath?.(failure?.message ?? how);
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(child), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  }
}

function deferred(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  // A rejection without a waiter must not end this process.
  made.promise.catch(() => {});
  return made;
}

/** Kills the worker's process group, whose id is the worker's pid. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: the group has ended.
  }
}
