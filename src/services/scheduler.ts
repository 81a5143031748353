/** Starts reindexes by the schedule. Each due time is claimed once in the catalog, so that neither a restart nor a second program
 *  (a bot and a web server over one index) runs it twice. */
import { createTask, type ScheduledTask } from 'node-cron';
import type { Logger } from 'pino';
import type { Catalog } from '../catalog/catalog.ts';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { ScheduleEntry, StoredSchedule } from '../catalog/schedule.ts';
import { lastDueMs, nextDue, type ScheduleProblem, scheduleProblem } from '../config/schedule.ts';
import type { Reindexer } from './reindexer.ts';

export interface SchedulerOptions {
  readonly catalog: Catalog;
  readonly reindexer: Pick<Reindexer, 'ask'>;
  readonly log: Logger;
  /** Whether this program, or this shard of a bot, starts reindexes. Others only set and show the schedule. */
  readonly schedules: boolean;
}

/** Poll interval for a schedule that another shard has set. */
const refreshEachMs = 30_000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  #task: ScheduledTask | null = null;
  /** The schedule that `#task` runs. */
  #running = '';
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Runs missed due times as one reindex, then starts the schedule. */
  async start(): Promise<void> {
    if (!this.#options.schedules) return;
    await this.#catchUp();
    this.#refresh();
    this.#timer ??= setInterval(() => this.#refresh(), refreshEachMs).unref();
  }

  /** @returns the problem of an invalid entry, which changes nothing; null otherwise */
  async set(entry: ScheduleEntry): Promise<ScheduleProblem | null> {
    const problem = scheduleProblem(entry.cron, entry.timeZone);
    if (problem !== null) return problem;
    await retryBusy(() => this.#options.catalog.schedule.set(entry));
    this.#refresh();
    return null;
  }

  async clear(): Promise<void> {
    await retryBusy(() => this.#options.catalog.schedule.clear());
    this.#refresh();
  }

  /** The schedule with its next due time; null when none is set. */
  current(): (StoredSchedule & { readonly next: Date | null }) | null {
    const schedule = this.#options.catalog.schedule.get();
    return schedule && { ...schedule, next: nextDue(schedule.cron, schedule.timeZone) };
  }

  /** Stops the schedule; waits for a reindex that was just due to be requested. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopTask();
    await this.#last;
  }

  async #catchUp(): Promise<void> {
    const schedule = this.#options.catalog.schedule.get();
    if (schedule === null) return;
    const sinceMs = schedule.lastStartedAtMs ?? schedule.setAtMs;
    const dueMs = lastDueMs(schedule.cron, schedule.timeZone, sinceMs, Date.now());
    if (dueMs !== null) await this.#due(dueMs, 'missed');
  }

  #refresh(): void {
    if (!this.#options.schedules) return;
    try {
      const schedule = this.#options.catalog.schedule.get();
      const wanted = schedule ? `${schedule.cron} ${schedule.timeZone}` : '';
      if (wanted === this.#running) return;
      this.#stopTask();
      this.#running = wanted;
      if (schedule) this.#startTask(schedule);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the schedule could not be read');
    }
  }

  #startTask({ cron, timeZone }: StoredSchedule): void {
    const { log } = this.#options;
    const onDue = (date: Date): void => {
      this.#last = this.#last
        .then(() => this.#due(date.getTime(), 'due'))
        .catch((error: unknown) => log.error({ err: error }, 'a scheduled reindex could not be started'));
    };
    const task = createTask(cron, ({ date }) => onDue(date), { timezone: timeZone, noOverlap: true, unref: true });
    // Missed only because this thread was late: run it now.
    task.on('execution:missed', ({ date }) => onDue(date));
    void task.start();
    this.#task = task;
    log.info({ cron, timeZone, next: task.getNextRun() }, 'the schedule is running');
  }

  #stopTask(): void {
    void this.#task?.destroy();
    this.#task = null;
    this.#running = '';
  }

  async #due(dueMs: number, why: 'due' | 'missed'): Promise<void> {
    const { catalog, reindexer, log } = this.#options;
    if (!(await retryBusy(() => catalog.schedule.startedAt(dueMs)))) return;
    const schedule = catalog.schedule.get();
    if (schedule === null) return;
    const { channelId, locale } = schedule;
    const at = new Date(dueMs).toISOString();
    const request = { mode: 'changed', requestedBy: null, guildId: null, channelId, locale } as const;
    const { reindex, isNew } = await reindexer.ask(request);
    if (isNew) log.info({ reindex: reindex.id, at, why }, 'a scheduled reindex was requested');
    else log.info({ reindex: reindex.id, at, why }, 'a scheduled reindex was skipped: another one is open');
  }
}
