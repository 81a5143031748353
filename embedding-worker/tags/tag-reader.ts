/** The process that reads tags, from the worker's side. It lives as long as the worker and reads one file at a time; when it
 *  dies over a file, or is late, that file's tags are ffmpeg's, and the next file gets a new process. A recording is never
 *  held up for longer than the deadline, and never refused, for its tags.
 *
 *  A process and not a thread: a parser that loops or fills its memory over a stranger's file is killed with it.
 */
import type { ChildProcess } from 'node:child_process';
import type { RecordingTags } from '../../src/domain.ts';
import { forkBound } from '../../src/io/end-with-parent.ts';
import type { FromTagProcess, ToTagProcess } from './protocol.ts';

export interface TagReaderOptions {
  /** One file's tags that take longer are given up, and the process is killed. */
  readonly deadlineMs: number;
  /** It died by itself or was killed; `how` tells its signal or exit code. */
  readonly onDeath?: (how: string) => void;
}

/** Loading takes 0.2 s; on a machine that is busy with models, seconds. */
const startWithinMs = 20_000;

/** For its turn and its reading, a file waits this many deadlines at most. */
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

  /** So that the first recording need not wait for it. Never rejects. */
  async start(): Promise<void> {
    await this.#ready();
  }

  /** @param path of a file that nobody changes meanwhile
   *  @returns null where they could not be read in time, or at all. Never rejects. */
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
    // What could not be sent is followed by 'exit'.
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
    // It could not be started, or a message could not be sent: either way it is of no more use.
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
