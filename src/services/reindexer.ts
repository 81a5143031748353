/** Runs the open reindex (catalog/reindexes.ts) in one process at a time, and announces it.
 *
 *  The catalog's row is the state: a request writes it, cancelling closes it, and the shard that runs jobs polls for an open
 *  one. So any shard can take the request, and shards can restart in between.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Reindex, type ReindexRequest, reindexMilestones } from '../catalog/reindexes.ts';
import { retryBusy } from '../catalog/retry-busy.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { IndexProgress } from '../indexing/progress.ts';
import { ProcessLock } from '../io/process-lock.ts';
import type { Announcer } from './announcer.ts';
import { indexPathsOf } from './index-paths.ts';
import { IndexProcess, type IndexProcessOptions } from './index-process.ts';
import { ProgressAnnouncer } from './progress-announcer.ts';
import type { Services } from './services.ts';

export interface ReindexerOptions extends IndexProcessOptions {
  readonly services: Pick<Services, 'catalog' | 'liveIndex'>;
  readonly log: Logger;
  /** null: this program tells nobody; a bot over the same index announces ends. */
  readonly announcer: Announcer | null;
  /** Whether this shard runs jobs: exactly one of a bot does. Of several programs over one index, one runs them at a time. */
  readonly runsJobs: boolean;
  /** Delay before a restart after the process died; doubles with each restart. */
  readonly restartAfterMs?: number;
}

/** Starts of one job without progress before it fails: then the job or the machine is at fault, and more restarts only
 *  waste CPU. */
const startsMax = 5;
const restartAfterMsMax = 60_000;
/** Poll interval for requests and cancellations of other shards. */
const pollIntervalMs = 5_000;
/** Enough to open a generation of a million chunks from a cold disk. */
const openWithinMs = 180_000;
/** How long an unannounced end, for example after a kill of the bot, is still announced. */
const announceWithinMs = 86_400_000;

export class Reindexer {
  readonly #options: ReindexerOptions;
  readonly #closing = new AbortController();
  #process: IndexProcess | null = null;
  #working: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lastFailure: LeitmotifError | null = null;
  #waitingFor: string | null = null;
  #progress: { readonly reindexId: number; readonly progress: IndexProgress } | null = null;

  /** Starts nothing; `resume` and `ask` do. */
  constructor(options: ReindexerOptions) {
    this.#options = options;
  }

  /** Opens a job, or returns the open one. It starts at once if this shard runs jobs. */
  async ask(request: ReindexRequest): Promise<{ reindex: Reindex; isNew: boolean }> {
    const opened = await retryBusy(() => this.#reindexes.ask(request));
    this.#look();
    return opened;
  }

  /** Call it when the bot is logged in: continues an open job, announces an unannounced end, and polls from then on. */
  resume(): void {
    if (!this.#options.runsJobs) return;
    this.#look();
    this.#timer ??= setInterval(() => this.#look(), pollIntervalMs).unref();
  }

  /** Cancels the open job; indexed tracks stay.
   *  @returns the job as it was; null when none was open */
  async cancel(): Promise<Reindex | null> {
    const open = this.#reindexes.open();
    if (open === null || !(await retryBusy(() => this.#reindexes.cancel(open.id)))) return null;
    // Another shard that runs the job sees the row.
    void this.#process?.stop();
    this.#look();
    return open;
  }

  /** Why the open job waits, when another process is indexing; null otherwise, and in shards that do not run jobs. */
  get waitingFor(): string | null {
    return this.#waitingFor;
  }

  /** The progress of a job that runs here; null for others. */
  progressOf(id: number): IndexProgress | null {
    return this.#progress?.reindexId === id ? this.#progress.progress : null;
  }

  /** The running process's id. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Stops the process in order; its job stays open for the bot's next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await this.#process?.stop();
    await this.#working;
  }

  get #reindexes() {
    return this.#options.services.catalog.reindexes;
  }

  #look(): void {
    if (!this.#options.runsJobs || this.#working || this.#closing.signal.aborted) return;
    this.#working = this.#work()
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'a reindex failed for now; trying again at the next poll'),
      )
      .finally(() => {
        this.#working = null;
      });
  }

  /** Runs until no job is open, or the bot stops. */
  async #work(): Promise<void> {
    using held = new DisposableStack();
    for (let isFirst = true; ; isFirst = false) {
      await this.#tellEnd();
      const reindex = this.#reindexes.open();
      if (reindex === null || this.#closing.signal.aborted) return;
      if (isFirst) {
        const lock = ProcessLock.take(indexPathsOf(this.#options.config).jobsLock);
        // Another program over this index runs the job; look again at the next poll.
        if (lock === null) return;
        held.use(lock);
      }
      if (reindex.starts >= startsMax) await this.#giveUp(reindex);
      else await this.#runProcess(reindex);
    }
  }

  async #runProcess(reindex: Reindex): Promise<void> {
    const { log, restartAfterMs = 2_000 } = this.#options;
    const { id, mode } = reindex;
    // The start is counted here: the process may die before it could count.
    if (!(await retryBusy(() => this.#reindexes.start(id)))) return;
    if (this.#closing.signal.aborted) return retryBusy(() => this.#reindexes.pause(id));
    const { announcer } = this.#options;
    const progressAnnouncer =
      announcer && new ProgressAnnouncer(id, { ...this.#options, announcer, reindexes: this.#reindexes });
    const process = new IndexProcess({ kind: 'index', reindexId: id }, this.#options, (message) => {
      if (message.type === 'waiting') this.#waitingFor = message.why;
      if (message.type === 'progress') {
        this.#waitingFor = null;
        this.#progress = { reindexId: id, progress: message.progress };
      }
      progressAnnouncer?.onMessage(message);
    });
    this.#process = process;
    log.info({ reindex: id, mode, pid: process.pid }, 'a reindex is running');
    const { how, failure } = await process.ended;
    this.#process = null;
    this.#waitingFor = null;
    await progressAnnouncer?.idle();
    this.#lastFailure = failure;
    const starts = this.#reindexes.open()?.starts ?? 0;
    if (this.#reindexes.open()?.id !== id || this.#closing.signal.aborted) return;
    log.warn({ reindex: id, how, starts, why: failure?.message }, 'the indexing process ended before its job did');
    const waitMs = Math.min(restartAfterMs * 2 ** Math.max(starts - 1, 0), restartAfterMsMax);
    await delay(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  /** Announces the end of the newest job, once. The new generation is opened first. */
  async #tellEnd(): Promise<void> {
    const { services, log, announcer } = this.#options;
    if (announcer === null) return;
    const last = this.#reindexes.last();
    if (last === null || last.finishedAtMs === null || last.milestone >= reindexMilestones.ended) return;
    if (last.state === 'done') {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(openWithinMs)]);
      await services.liveIndex.open(signal, { newest: true }).catch((error) => {
        log.warn({ reindex: last.id, why: toLeitmotifError(error).message }, 'the new generation was not opened yet');
      });
    }
    const { id, state, mode } = last;
    log.info({ reindex: id, state, mode, why: last.error?.message }, 'a reindex has ended');
    if (Date.now() - last.finishedAtMs < announceWithinMs) await announcer.ended(last);
    // Stored afterwards: a kill in between announces the end twice rather than never.
    await retryBusy(() => this.#reindexes.milestone(id, reindexMilestones.ended));
  }

  async #giveUp({ id, starts }: Reindex): Promise<void> {
    const { code, message } =
      this.#lastFailure ?? new LeitmotifError('internal', `The indexing process died ${starts} times over this job`);
    await retryBusy(() => this.#reindexes.finish(id, { state: 'failed', code, message }));
  }
}
