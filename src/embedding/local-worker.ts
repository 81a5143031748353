/** The embedding worker as a child of this process: on a unix socket only its owner can reach, with a token of its own,
 *  started again with back-off when it dies, gone when this process is. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { isErrorCode, LeitmotifError } from '../errors.ts';
import { type GroupGuard, guardGroup } from '../io/end-with-parent.ts';
import { nicenessMax, setSessionNiceness } from '../io/niceness.ts';
import { type ChargedTimer, chargedTimer, usageOf } from '../io/time-charged.ts';
import { collectorFlags, type WorkerOptions, workerMessage } from './worker-options.ts';

export interface LocalWorkerOptions {
  /** The program, embedding-worker/main.ts. */
  readonly entry: string | URL;
  /** What it is told; where it listens, its token and its spool folder are seen to here. */
  readonly worker: Omit<WorkerOptions, 'listen' | 'token' | 'spoolDir'>;
  /** All of the worker's environment: PATH and the like, so that it finds ffmpeg, and nobody's secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For the first start, in charged time of the worker and what it starts (time-charged.ts); models are loaded within it. */
  readonly startTimeoutMs: number;
  /** Called now and then while the first start is waited for, with a sentence for the user. */
  readonly onWaiting?: (words: string) => void;
  /** Added to this process's niceness, for the worker and all that it starts. */
  readonly niceness?: number;
  /** It died, `how` tells its signal or exit code; its successor is on its way. */
  readonly onDeath?: (how: string) => void;
}

export interface LocalWorker {
  readonly socketPath: string;
  readonly token: string;
  /** Of the process that lives now; undefined between two. */
  readonly pid: number | undefined;
  /** Resolves when it can be asked: at once, or when its successor is ready.
   *  @throws {LeitmotifError} why it cannot start; the signal's reason */
  whenReady(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** sun_path holds 108 bytes on Linux and 104 on macOS, with the zero at its end. */
const socketPathBytesMax = 103;
/** Twice what the worker allows itself for an orderly end. */
const stopTimeoutMs = 6_000;
/** The same, where this process was killed. */
const guardGraceSec = 6;
/** First restart at once, then doubling. */
const backOffMs = [0, 250, 500, 1_000, 2_000, 4_000, 8_000] as const;
/** A worker that lived this long starts the back-off from its beginning. */
const healthyAfterMs = 30_000;

/** A worker that takes longer says what it is at, first after so long and then as often. */
const waitingEachMs = 10_000;

/** @throws {LeitmotifError} what kept it from starting, or worker-unavailable when that takes too long */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const folder = await privateFolder();
  const supervisor = new Supervisor(options, folder);
  const tooLong = new AbortController();
  const timer = startTimer(supervisor, options, tooLong);
  try {
    await supervisor.whenReady(tooLong.signal);
    return supervisor;
  } catch (error) {
    await supervisor.close();
    throw error;
  } finally {
    timer.cancel();
  }
}

function startTimer(supervisor: LocalWorker, options: LocalWorkerOptions, tooLong: AbortController): ChargedTimer {
  const { startTimeoutMs, onWaiting, worker } = options;
  const what = worker.models.length === 1 ? 'the model' : 'the models';
  let saidAtMs = 0;
  const say = ({ wallMs, chargedMs }: ChargedTimer['spent']): void => {
    if (wallMs < saidAtMs + waitingEachMs) return;
    saidAtMs = wallMs;
    const [seconds, own] = [Math.round(wallMs / 1000), Math.round(chargedMs / 1000)];
    onWaiting?.(
      `Waiting for the embedding worker, which loads ${what} ${worker.models.join(', ')}: ` +
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
    say,
  );
}

/** mkdtemp makes folders that only their owner can enter. */
async function privateFolder(): Promise<string> {
  for (const parent of [tmpdir(), '/tmp']) {
    // mkdtemp adds six characters.
    if (Buffer.byteLength(path.join(parent, 'leitmotif-XXXXXX', 'worker.sock')) > socketPathBytesMax) continue;
    return mkdtemp(path.join(parent, 'leitmotif-'));
  }
  throw new LeitmotifError('config-invalid', `Cannot make a socket in ${tmpdir()}: the path is too long`);
}

class Supervisor implements LocalWorker {
  readonly socketPath: string;
  readonly token = randomBytes(32).toString('base64url');
  readonly #options: LocalWorkerOptions;
  readonly #folder: string;
  #child: ChildProcess | null = null;
  #ready = deferred();
  #isReady = false;
  /** Why the last start failed, in the worker's own words. */
  #failure: LeitmotifError | null = null;
  #deathsInARow = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LocalWorkerOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.socketPath = path.join(folder, 'worker.sock');
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

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#restartTimer);
      const stopped = new LeitmotifError('worker-unavailable', 'The embedding worker was stopped');
      this.#ready.reject(stopped);
      this.#ready = deferred();
      this.#ready.reject(stopped);
      await this.#stop();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #start(): void {
    const { entry, environment } = this.#options;
    // A group of its own: Ctrl-C in a terminal goes to whoever started us, who then closes in order; and the group is
    // how the worker and all that it started can be killed at once.
    const child = fork(entry, ['--supervised'], {
      env: { ...environment },
      execArgv: [...collectorFlags],
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    beNice(child.pid, this.#options.niceness ?? 0);
    // With the folder of the socket, which nobody else would remove.
    const guard: GroupGuard | null =
      child.pid === undefined ? null : guardGroup(child.pid, guardGraceSec, this.#folder);
    const startedAt = performance.now();
    let gone = false;
    const onGone = (how: string): void => {
      if (gone) return;
      gone = true;
      killGroup(child);
      guard?.release();
      this.#onDeath(how, performance.now() - startedAt);
    };
    child.on('message', (message) => this.#onMessage(child, message));
    child.on('exit', (code, signal) => onGone(signal ?? `exit code ${code}`));
    child.on('error', (error) => onGone(error.message));
    child.send(
      {
        ...this.#options.worker,
        listen: { socketPath: this.socketPath },
        token: this.token,
        spoolDir: path.join(this.#folder, 'spool'),
      } satisfies WorkerOptions,
      // A channel that is closed already is followed by 'exit'.
      () => {},
    );
  }

  #onMessage(child: ChildProcess, message: unknown): void {
    const parsed = workerMessage.safeParse(message);
    if (!parsed.success || child !== this.#child) return;
    if (parsed.data.type === 'failed') {
      const { code, message: text } = parsed.data;
      this.#failure = new LeitmotifError(isErrorCode(code) ? code : 'worker-unavailable', text);
      return;
    }
    this.#isReady = true;
    // From here on it must not keep this process alive: who forgets to close still ends, and the worker with it.
    child.unref();
    child.channel?.unref();
    this.#ready.resolve();
  }

  #onDeath(how: string, livedMs: number): void {
    this.#child = null;
    if (this.#closed) return;
    // It may have said why it cannot start. Whoever waits hears that now; it is tried again for whoever comes later.
    if (this.#failure) this.#ready.reject(this.#failure);
    if (this.#failure || this.#isReady) this.#ready = deferred();
    this.#failure = null;
    this.#isReady = false;
    if (livedMs >= healthyAfterMs) this.#deathsInARow = 0;
    const delayMs = backOffMs[Math.min(this.#deathsInARow, backOffMs.length - 1)] ?? 0;
    this.#deathsInARow++;
    this.#restartTimer = setTimeout(() => this.#start(), delayMs);
    this.#options.onDeath?.(how);
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
  // What nobody waits for must not end this process.
  made.promise.catch(() => {});
  return made;
}

/** Before the child has started anything, so that all its processes inherit it. Also where nothing is added: it leads a
 *  session of its own, which does not inherit what this one is. */
function beNice(pid: number | undefined, added: number): void {
  const niceness = Math.min(getPriority() + added, nicenessMax);
  if (pid === undefined || niceness <= 0) return;
  try {
    setSessionNiceness(pid, niceness);
  } catch {
    // It died at once, which is told elsewhere.
  }
}

/** All that is left of the worker's process group, which bears its leader's id. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: nothing is left.
  }
}
