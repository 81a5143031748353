/** Sees to it that the open reindex (catalog/reindexes.ts) is worked on, by one process at a time, and told about.
 *
 *  The row is the truth: asking writes one, cancelling closes it, and whoever runs jobs looks for an open one now and
 *  then. So it does not matter which of the bot's processes was asked, nor which of them was started anew since.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Reindex, type ReindexRequest, reindexMilestones } from '../../catalog/reindexes.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import type { Services } from '../../services/services.ts';
import { retryBusy } from '../retry-busy.ts';
import type { Announcer } from './announcer.ts';
import { IndexProcess, type IndexProcessOptions } from './index-process.ts';
import { ProgressAnnouncer } from './progress-announcer.ts';

export interface ReindexerOptions extends IndexProcessOptions {
  readonly services: Pick<Services, 'catalog' | 'liveIndex'>;
  readonly log: Logger;
  readonly announcer: Announcer;
  /** Whether this process works on jobs: exactly one of the bot's processes does. */
  readonly runsJobs: boolean;
  /** Before the second start after a process died; doubles with each. */
  readonly restartAfterMs?: number;
}

/** Processes that may die over one job without it coming on: then it is the job, or the machine, and trying on would
 *  keep the cores busy for nothing. */
const startsMax = 5;
const restartAfterMsMax = 60_000;
/** For what other processes asked for or cancelled. */
const lookEachMs = 5_000;
/** Opening a generation of a million chunks from a cold disk takes less. */
const openWithinMs = 180_000;
/** An end that nobody was told of, for example because the bot was killed just then, is told as long as it is news. */
const newsForMs = 86_400_000;

export class Reindexer {
  readonly #options: ReindexerOptions;
  readonly #closing = new AbortController();
  #process: IndexProcess | null = null;
  #working: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lastFailure: LeitmotifError | null = null;
  #waitingFor: string | null = null;

  /** Starts nothing: `resume` does, and `ask`. */
  constructor(options: ReindexerOptions) {
    this.#options = options;
  }

  /** Opens a job, or gives back the one that is open; it begins at once if this process runs jobs. */
  async ask(request: ReindexRequest): Promise<{ reindex: Reindex; isNew: boolean }> {
    const asked = await retryBusy(() => this.#reindexes.ask(request));
    this.#look();
    return asked;
  }

  /** Once the bot can speak: goes on with an open job, tells an end that nobody was told of, and looks again now and
   *  then. */
  resume(): void {
    if (!this.#options.runsJobs) return;
    this.#look();
    this.#timer ??= setInterval(() => this.#look(), lookEachMs).unref();
  }

  /** Closes the open job; what is done of it is kept.
   *  @returns the job as it was; null when none was open */
  async cancel(): Promise<Reindex | null> {
    const open = this.#reindexes.open();
    if (open === null || !(await retryBusy(() => this.#reindexes.cancel(open.id)))) return null;
    // Who runs it elsewhere sees the row.
    void this.#process?.stop();
    this.#look();
    return open;
  }

  /** Why the open job has not begun, when another process indexes; null otherwise, and where this process knows nothing
   *  of it. */
  get waitingFor(): string | null {
    return this.#waitingFor;
  }

  /** Of the process at work, for whoever watches it. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Ends the process in order; its job stays open for the next start of the bot. */
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
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'a reindex is left until the next look'))
      .finally(() => {
        this.#working = null;
      });
  }

  /** Until nothing is open, or the bot stops. */
  async #work(): Promise<void> {
    for (;;) {
      await this.#tellEnd();
      const reindex = this.#reindexes.open();
      if (reindex === null || this.#closing.signal.aborted) return;
      if (reindex.starts >= startsMax) await this.#giveUp(reindex);
      else await this.#runProcess(reindex);
    }
  }

  async #runProcess(reindex: Reindex): Promise<void> {
    const { log, restartAfterMs = 2_000 } = this.#options;
    const { id, mode } = reindex;
    // Counted here and not there: it may die before it can count.
    if (!(await retryBusy(() => this.#reindexes.start(id)))) return;
    if (this.#closing.signal.aborted) return retryBusy(() => this.#reindexes.pause(id));
    const progressAnnouncer = new ProgressAnnouncer(id, { ...this.#options, reindexes: this.#reindexes });
    const process = new IndexProcess({ kind: 'index', reindexId: id }, this.#options, (message) => {
      if (message.type === 'waiting') this.#waitingFor = message.why;
      if (message.type === 'progress') this.#waitingFor = null;
      progressAnnouncer.hear(message);
    });
    this.#process = process;
    log.info({ reindex: id, mode, pid: process.pid }, 'a reindex is worked on');
    const { how, failure } = await process.ended;
    this.#process = null;
    this.#waitingFor = null;
    await progressAnnouncer.idle();
    this.#lastFailure = failure;
    const starts = this.#reindexes.open()?.starts ?? 0;
    if (this.#reindexes.open()?.id !== id || this.#closing.signal.aborted) return;
    log.warn({ reindex: id, how, starts, why: failure?.message }, 'the indexing process ended before its job did');
    const waitMs = Math.min(restartAfterMs * 2 ** Math.max(starts - 1, 0), restartAfterMsMax);
    await delay(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  /** The newest job if it has ended and that was not told: the new generation answers first. */
  async #tellEnd(): Promise<void> {
    const { services, log, announcer } = this.#options;
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
    if (Date.now() - last.finishedAtMs < newsForMs) await announcer.ended(last);
    // Afterwards: whoever is killed in between tells it twice rather than never.
    await retryBusy(() => this.#reindexes.milestone(id, reindexMilestones.ended));
  }

  async #giveUp({ id, starts }: Reindex): Promise<void> {
    const { code, message } =
      this.#lastFailure ?? new LeitmotifError('internal', `The indexing process died ${starts} times over this job`);
    await retryBusy(() => this.#reindexes.finish(id, { state: 'failed', code, message }));
  }
}
