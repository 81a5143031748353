/** Jobs that an admin follows: backups, checks, clusters and marks. Each runs in its own process, one at a time, and is known until
 *  newer ones take its place. A reindex is another thing: its row in the catalog outlives programs (reindexer.ts). */
import PQueue from 'p-queue';
import type { Logger } from 'pino';
import { LeitmotifError } from '../errors.ts';
import { IndexProcess, type IndexProcessOptions } from './index-process.ts';
import type { JobAnswers, LibraryJobTask } from './job-protocol.ts';

export type LibraryJobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

export interface LibraryJob {
  readonly id: number;
  readonly task: LibraryJobTask;
  readonly state: LibraryJobState;
  /** Who asked for it. */
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** null: it does not count. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly failure: LeitmotifError | null;
  /** Of a job that is done. */
  readonly answer: JobAnswers[LibraryJobTask['kind']] | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Entry extends Mutable<LibraryJob> {
  readonly listeners: Set<() => void>;
  process: IndexProcess | null;
  isCancelled: boolean;
}

export interface LibraryJobsOptions extends IndexProcessOptions {
  readonly log: Logger;
}

const waitingMax = 8;
const knownMax = 50;

export const hasEnded = ({ endedAtMs }: Pick<LibraryJob, 'endedAtMs'>): boolean => endedAtMs !== null;

export class LibraryJobs {
  readonly #options: LibraryJobsOptions;
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #jobs = new Map<number, Entry>();
  #lastId = 0;
  #closed = false;

  constructor(options: LibraryJobsOptions) {
    this.#options = options;
  }

  /** Begins a job, or returns the open one with the same task.
   *  @throws {LeitmotifError} 'queue-full', 'stopping' */
  begin(task: LibraryJobTask, askedBy: string): LibraryJob {
    if (this.#closed) throw stopping();
    const known = [...this.#jobs.values()].find((job) => !hasEnded(job) && isSame(job.task, task));
    if (known) return known;
    if (this.#queue.size >= waitingMax)
      throw new LeitmotifError('queue-full', `Cannot take another job: ${waitingMax} are waiting`);
    const id = ++this.#lastId;
    const job: Entry = {
      ...{ id, task, state: 'waiting', askedBy, askedAtMs: Date.now(), startedAtMs: null, endedAtMs: null },
      ...{ progress: null, failure: null, answer: null, process: null, isCancelled: false, listeners: new Set() },
    };
    this.#jobs.set(id, job);
    this.#forgetOld();
    void this.#queue.add(() => this.#run(job));
    return job;
  }

  get(id: number): LibraryJob | null {
    return this.#jobs.get(id) ?? null;
  }

  /** Newest first. */
  list(): LibraryJob[] {
    return [...this.#jobs.values()].reverse();
  }

  /** Ends it; one that has ended stays as it is. */
  cancel(id: number): void {
    const job = this.#jobs.get(id);
    if (!job || hasEnded(job)) return;
    job.isCancelled = true;
    if (job.process) void job.process.stop();
    else this.#end(job, new LeitmotifError('cancelled', 'Cancelled before it began'));
  }

  /** @returns how to stop listening */
  onChange(id: number, listener: () => void): () => void {
    const listeners = this.#jobs.get(id)?.listeners;
    listeners?.add(listener);
    return () => void listeners?.delete(listener);
  }

  /** Ends all jobs. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#jobs.values()].map((job) => job.process?.stop()));
    await this.#queue.onIdle();
  }

  async #run(job: Entry): Promise<void> {
    if (hasEnded(job)) return;
    if (this.#closed) return this.#end(job, stopping());
    const { id, task, askedBy } = job;
    this.#options.log.info({ job: id, task, by: askedBy }, 'a job about the library is running');
    const process = new IndexProcess(task, this.#options, (message) => {
      if (message.type !== 'counted') return;
      this.#change(job, { progress: { done: message.done, total: message.total } });
    });
    job.process = process;
    this.#change(job, { state: 'running', startedAtMs: Date.now() });
    const { how, failure, answer } = await process.ended;
    job.process = null;
    if (answer !== null) {
      job.answer = answer as NonNullable<LibraryJob['answer']>;
      return this.#end(job, null);
    }
    if (job.isCancelled) return this.#end(job, new LeitmotifError('cancelled', 'Cancelled by an admin'));
    if (this.#closed) return this.#end(job, stopping());
    this.#end(job, failure ?? new LeitmotifError('internal', `The process for ${task.kind} ended: ${how}`));
  }

  #end(job: Entry, failure: LeitmotifError | null): void {
    const state = failure === null ? 'done' : failure.code === 'cancelled' ? 'cancelled' : 'failed';
    const facts = { job: job.id, task: job.task.kind, state, ...(failure ? { why: failure.message } : {}) };
    this.#options.log.info(facts, 'a job about the library has ended');
    this.#change(job, { state, failure, endedAtMs: Date.now() });
  }

  #change(job: Entry, change: Partial<LibraryJob>): void {
    Object.assign(job, change);
    for (const listener of [...job.listeners]) listener();
  }

  #forgetOld(): void {
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= knownMax) return;
      if (hasEnded(job)) this.#jobs.delete(id);
    }
  }
}

function isSame(one: LibraryJobTask, other: LibraryJobTask): boolean {
  const plain = (task: LibraryJobTask) => JSON.stringify({ ...task, by: undefined });
  return plain(one) === plain(other);
}

function stopping(): LeitmotifError {
  return new LeitmotifError('stopping', 'Cannot finish the job: the server is being restarted');
}
