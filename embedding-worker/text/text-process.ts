/** The text process of a model. It is started by the first text, because a text side takes some hundred megabytes that a worker
 *  without text queries does not need, and it ends after idle minutes. If it dies, the next text starts another, so it needs no
 *  restart with back-off.
 *
 *  A process and not a thread for the reasons in engines/protocol.ts.
 */
import type { ChildProcess } from 'node:child_process';
import { LeitmotifError } from '../../src/errors.ts';
import { forkBound } from '../../src/io/end-with-parent.ts';
import { type ChargedTimer, chargedTimer, usageOf } from '../../src/io/time-charged.ts';
import type { EmbeddedText, FromTextProcess, ToTextProcess } from './protocol.ts';

export interface TextProcessOptions {
  readonly manifestPath: string;
  /** Limits for loading and for one text, in charged time (time-charged.ts). A process that exceeds one is killed. */
  readonly stepTimeoutMs: number;
  /** The process ends after this time without a text. */
  readonly idleMs: number;
  readonly onStart?: () => void;
  /** Called in every case. */
  readonly onEnd?: () => void;
  /** The process died or was killed; `how` is its signal or exit code. */
  readonly onDeath?: (how: string) => void;
}

/** After two deaths over one text, the text counts as the cause. */
const deathsMax = 2;

interface PendingText {
  readonly id: number;
  readonly resolve: (text: EmbeddedText) => void;
  readonly reject: (reason: unknown) => void;
}

/** The process ended without an answer to the text. */
class ProcessLost extends Error {
  /** Whether it was computing this text. */
  readonly isTextFault: boolean;

  constructor(how: string, isTextFault: boolean) {
    super(how);
    this.isTextFault = isTextFault;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly loaded: PromiseWithResolvers<void>;
  /** Sent texts without an answer, in order, including cancelled ones. */
  readonly pending: PendingText[];
  watchdog: ChargedTimer | undefined;
}

export class TextProcess {
  readonly #options: TextProcessOptions;
  #running: Running | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #nextId = 0;
  #closed = false;

  constructor(options: TextProcessOptions) {
    this.#options = options;
  }

  /** Pid of the running process, for tests. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** @throws {LeitmotifError} text-refused; inference-failed; config-invalid when the text side cannot be loaded
   *  @throws the signal's reason when it is aborted first; a started text runs to its end without a receiver */
  async embed(text: string, signal: AbortSignal): Promise<EmbeddedText> {
    for (let deaths = 0; ; ) {
      signal.throwIfAborted();
      if (this.#closed) throw new LeitmotifError('worker-unavailable', 'The worker is stopping');
      try {
        return await untilAborted(this.#ask(text), signal);
      } catch (error) {
        if (!(error instanceof ProcessLost)) throw error;
        if (error.isTextFault) deaths++;
        if (deaths < deathsMax) continue;
        const why = `${deathsMax} processes died over it (${error.message})`;
        throw new LeitmotifError('inference-failed', `Cannot embed a text: ${why}`, { cause: error });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end(new LeitmotifError('worker-unavailable', 'The worker is stopping'));
  }

  async #ask(text: string): Promise<EmbeddedText> {
    this.#running ??= this.#start();
    const running = this.#running;
    await running.loaded.promise;
    const { promise, resolve, reject } = Promise.withResolvers<EmbeddedText>();
    const id = this.#nextId++;
    if (running !== this.#running) throw new ProcessLost('it ended', false);
    clearTimeout(this.#idleTimer);
    running.pending.push({ id, resolve, reject });
    if (running.pending.length === 1) this.#watch(running);
    send(running.child, { type: 'embed', id, text });
    return promise;
  }

  #start(): Running {
    const child = forkBound(new URL('../text-child.ts', import.meta.url), {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const running: Running = { child, loaded: Promise.withResolvers(), pending: [], watchdog: undefined };
    // The caller gets the error. When no caller waits any more, the error must not end the worker.
    running.loaded.promise.catch(() => {});
    child.on('message', (message: FromTextProcess) => {
      if (running === this.#running) this.#onMessage(running, message);
    });
    child.on('exit', (code, signal) => this.#onExit(running, signal ?? `exit code ${code}`));
    // Emitted when the process could not be started or a message could not be sent: it is unusable in both cases.
    child.on('error', (error) => {
      child.kill('SIGKILL');
      this.#onExit(running, error.message);
    });
    this.#watch(running);
    this.#options.onStart?.();
    send(child, { type: 'load', manifestPath: this.#options.manifestPath });
    return running;
  }

  #onMessage(running: Running, message: FromTextProcess): void {
    running.watchdog?.cancel();
    if (message.type === 'ready') {
      running.loaded.resolve();
    } else if (message.type === 'load-failed') {
      // The next text tries again: the operator may have fixed the files.
      void this.#end(new LeitmotifError('config-invalid', message.message));
      return;
    } else {
      const pending = running.pending.shift();
      if (pending?.id !== message.id) throw new RangeError(`Cannot match an answer: expected ${pending?.id}`);
      if (message.type === 'embedded') pending.resolve(message.text);
      else pending.reject(new LeitmotifError(message.code, message.message));
    }
    if (running.pending.length > 0) this.#watch(running);
    else this.#rest();
  }

  #watch(running: Running): void {
    const { child } = running;
    const kill = (): void => void child.kill('SIGKILL');
    running.watchdog?.cancel();
    running.watchdog = chargedTimer(() => usageOf(child.pid ?? 0), this.#options.stepTimeoutMs, kill);
  }

  #rest(): void {
    clearTimeout(this.#idleTimer);
    const idle = (): void => void this.#end(new ProcessLost('it was idle', false));
    this.#idleTimer = setTimeout(idle, this.#options.idleMs).unref();
  }

  #onExit(running: Running, how: string): void {
    // Ended on purpose, or already reported.
    if (running !== this.#running) return;
    this.#forget(running, (nth) => new ProcessLost(how, nth === 0));
    this.#options.onDeath?.(how);
  }

  /** @param reason the error for all waiting callers */
  async #end(reason: Error): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#forget(running, () => reason);
    const { child } = running;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // The process has no state, so it is killed without notice.
    child.kill('SIGKILL');
    await exited;
  }

  /** @param reasonOf the error of each waiting text, numbered from 0; 0 is the one in computation */
  #forget(running: Running, reasonOf: (nth: number) => Error): void {
    running.watchdog?.cancel();
    clearTimeout(this.#idleTimer);
    this.#running = null;
    running.loaded.reject(reasonOf(0));
    running.pending.forEach(({ reject }, nth) => void reject(reasonOf(nth)));
    this.#options.onEnd?.();
  }
}

function send(child: ChildProcess, message: ToTextProcess): void {
  // A failed send is followed by 'exit'.
  if (child.connected) child.send(message, () => {});
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
