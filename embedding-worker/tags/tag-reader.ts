/** Client of the tag process. The process lives as long as the worker and reads one file at a time. If it dies over a file or
 *  misses the deadline, the tags of that file come from ffmpeg, and the next file gets a new process. Tags never delay a
 *  recording beyond the deadline, and never cause its refusal.
 *
 *  A process and not a thread, because a parser that loops or fills its memory over an untrusted file can then be killed.
 */
import type { ChildProcess } from 'node:child_process';
import type { RecordingTags } from '../../src/domain.ts';
import { forkBound } from '../../src/io/end-with-parent.ts';
import type { FromTagProcess, ToTagProcess } from './protocol.ts';

export interface TagReaderOptions {
  /** Deadline for one file's tags. After it the process is killed. */
  readonly deadlineMs: number;
  /** The process died or was killed; `how` is its signal or exit code. */
  readonly onDeath?: (how: string) => void;
}

/** Loading takes 0.2 s; on a machine that is busy with models, seconds. */
const startWithinMs = 20_000;

/** Maximum wait of a file for its turn and its tags, in deadlines. */
const waitsMax = 2;

/** Heap limit. No real tags need more. */
const heapMaxMib = 192;

interface Running {
  readonly child: ChildProcess;
  /** Resolves when it is ready, and when it is gone. */
  readonly ready: Promise<void>;
  answered: ((tags: RecordingTags | null) => void) | null;
}

export class TagReader {
  readonly #options: TagReaderOptions;
  #running: Running | null = null;
  /** Settles when the files before have been read. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: TagReaderOptions) {
    this.#options = options;
  }

  /** Pid of the running process, for tests. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Starts the process in advance, so that the first recording does not wait for it. Never rejects. */
  async start(): Promise<void> {
    await this.#ready();
  }

  /** @param path of a file that does not change meanwhile
   *  @returns null if they could not be read in time. Never rejects. */
  async read(path: string): Promise<RecordingTags | null> {
    const tags = this.#turn.then(() => this.#ask(path)).catch(() => null);
    this.#turn = tags;
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), waitsMax * this.#options.deadlineMs);
    try {
      return await Promise.race([tags, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    if (running === null) return;
    const exited = new Promise<void>((resolve) => running.child.once('exit', () => resolve()));
    this.#lose(running, null);
    if (running.child.pid === undefined || running.child.exitCode !== null || running.child.signalCode !== null) return;
    running.child.kill('SIGKILL');
    await exited;
  }

  async #ask(path: string): Promise<RecordingTags | null> {
    const running = await this.#ready();
    if (running === null) return null;
    const { promise, resolve } = Promise.withResolvers<RecordingTags | null>();
    running.answered = resolve;
    const watchdog = setTimeout(() => this.#lose(running, 'it was late'), this.#options.deadlineMs);
    // A failed send is followed by 'exit'.
    if (running.child.connected) running.child.send({ path } satisfies ToTagProcess, () => {});
    const tags = await promise;
    clearTimeout(watchdog);
    return tags;
  }

  async #ready(): Promise<Running | null> {
    if (this.#closed) return null;
    this.#running ??= this.#start();
    const running = this.#running;
    const watchdog = setTimeout(() => this.#lose(running, 'it did not start'), startWithinMs);
    await running.ready;
    clearTimeout(watchdog);
    return running === this.#running ? running : null;
  }

  #start(): Running {
    const child = forkBound(new URL('../tag-child.ts', import.meta.url), {
      execArgv: [`--max-old-space-size=${heapMaxMib}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const running: Running = { child, ready, answered: null };
    child.on('message', (message: FromTagProcess) => {
      if (message.type === 'ready') resolve();
      else this.#answer(running, message.type === 'read' ? message.tags : null);
    });
    child.on('exit', (code, signal) => {
      this.#lose(running, signal ?? `exit code ${code}`);
      resolve();
    });
    // Emitted when the process could not be started or a message could not be sent: it is unusable in both cases.
    child.on('error', (error) => {
      this.#lose(running, error.message);
      resolve();
    });
    return running;
  }

  #answer(running: Running, tags: RecordingTags | null): void {
    const { answered } = running;
    running.answered = null;
    answered?.(tags);
  }

  /** @param how null: it is ended on purpose */
  #lose(running: Running, how: string | null): void {
    if (running !== this.#running) return;
    this.#running = null;
    running.child.kill('SIGKILL');
    this.#answer(running, null);
    if (how !== null) this.#options.onDeath?.(how);
  }
}
