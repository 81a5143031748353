/** Queries about the library that would block the bot's thread for seconds. Each runs in its own process. */
import PQueue from 'p-queue';
import type { CatalogCounts } from '../catalog/counts.ts';
import type { ReindexMode } from '../catalog/reindexes.ts';
import { LeitmotifError } from '../errors.ts';
import type { IndexPlan } from '../indexing/plan.ts';
import { IndexProcess, type IndexProcessOptions } from './index-process.ts';
import type { JobAnswers, JobTask } from './job-protocol.ts';

/** Enough to list 100,000 files on a slow disk, or to count a million chunks. */
const answerWithinMs = 300_000;
/** Requests that may wait; equal requests share an answer. */
const waitingMax = 8;

export class LibraryQueries {
  readonly #options: IndexProcessOptions;
  /** One at a time: they share the cores with music queries. */
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #running = new Set<IndexProcess>();
  #closed = false;

  constructor(options: IndexProcessOptions) {
    this.#options = options;
  }

  /** @throws {LeitmotifError} as planIndex; 'config-invalid' when no library is configured */
  plan(mode: ReindexMode): Promise<IndexPlan> {
    return this.#ask<IndexPlan>({ kind: 'plan', mode });
  }

  counts(): Promise<CatalogCounts> {
    return this.#ask<CatalogCounts>({ kind: 'counts' });
  }

  /** @param countMax how many failures to list; the rest are only counted */
  failures(countMax: number): Promise<JobAnswers['failures']> {
    return this.#ask<JobAnswers['failures']>({ kind: 'failures', countMax });
  }

  /** @throws {LeitmotifError} as MapService.update */
  map(): Promise<JobAnswers['map']> {
    return this.#ask<JobAnswers['map']>({ kind: 'map' });
  }

  marks(): Promise<JobAnswers['marks']> {
    return this.#ask<JobAnswers['marks']>({ kind: 'marks' });
  }

  /** Rejects all waiting requests. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running].map((process) => process.stop()));
  }

  #ask<A>(task: JobTask): Promise<A> {
    const key = JSON.stringify(task);
    const known = this.#answers.get(key) ?? this.#enqueue(key, task);
    return known as Promise<A>;
  }

  #enqueue(key: string, task: JobTask): Promise<unknown> {
    if (this.#queue.size >= waitingMax) {
      const message = `Cannot query the library: ${waitingMax} requests are waiting`;
      return Promise.reject(new LeitmotifError('queue-full', message));
    }
    const answer = this.#queue.add(() => this.#answer(task)).finally(() => this.#answers.delete(key));
    this.#answers.set(key, answer);
    return answer;
  }

  async #answer(task: JobTask): Promise<unknown> {
    if (this.#closed) throw stopping();
    const process = new IndexProcess(task, this.#options, () => {});
    this.#running.add(process);
    const timer = setTimeout(() => void process.stop(), answerWithinMs);
    try {
      const { how, failure, answer } = await process.ended;
      if (answer !== null) return answer;
      if (this.#closed) throw stopping();
      throw failure ?? new LeitmotifError('internal', `The process for ${task.kind} ended: ${how}`);
    } finally {
      clearTimeout(timer);
      this.#running.delete(process);
    }
  }
}

function stopping(): LeitmotifError {
  return new LeitmotifError('stopping', 'Cannot query the library: the bot is being restarted');
}
