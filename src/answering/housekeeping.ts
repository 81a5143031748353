/** Deletes expired answers, cached embeddings, clips and generations, at the start of the bot and of the web API and by TIDY_CRON. Makes backups if
 *  configured. */
import { createTask, type ScheduledTask } from 'node-cron';
import type { Logger } from 'pino';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { Services } from '../services/services.ts';

export interface HousekeepingOptions {
  readonly services: Pick<Services, 'config' | 'indexing' | 'maintenance'>;
  readonly log: Logger;
  /** Shards share a folder, and one backup is enough. */
  readonly makesBackups: boolean;
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #task: ScheduledTask;
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;

  /** Tidies at once, and then by the schedule. */
  constructor(options: HousekeepingOptions) {
    this.#options = options;
    const { tidyCron } = options.services.config.maintenance;
    this.#task = createTask(tidyCron, () => this.#onDue(), { noOverlap: true, unref: true });
    // Missed only because this thread was late: run it now.
    this.#task.on('execution:missed', () => void this.#onDue());
    void this.#task.start();
    void this.#sweep();
  }

  close(): void {
    this.#closing.abort();
    void this.#task.destroy();
  }

  /** A machine that slept for a month misses thirty runs at once; they become one run. */
  #onDue(): Promise<void> {
    this.#running ??= this.#backUp()
      .then(() => this.#sweep())
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #backUp(): Promise<void> {
    const { services, log, makesBackups } = this.#options;
    const { backupsKept } = services.config.maintenance;
    if (!makesBackups || backupsKept === 0) return;
    try {
      const { location, bytes, tracks, removed } = await services.maintenance.backUp({
        keep: backupsKept,
        signal: this.#closing.signal,
      });
      log.info({ location, bytes, tracks, removed: removed.length }, 'the catalog was backed up');
    } catch (err) {
      log.error({ err }, 'the catalog could not be backed up');
    }
  }

  async #sweep(): Promise<void> {
    const { services, log } = this.#options;
    try {
      await deleteExpired(services, Date.now(), log);
      const clips = await services.indexing.tidyClips(this.#closing.signal);
      if (clips && clips.removed > 0)
        log.info({ recordings: clips.removed }, 'stored clips of removed tracks were deleted');
      if (clips?.reason) log.warn({ why: clips.reason }, 'stored clips could not be removed');
    } catch (err) {
      log.warn({ err }, 'expired data could not be deleted');
    }
  }
}

/** Deletes expired data and logs what it freed, if anything. */
export async function deleteExpired(
  { maintenance }: Pick<Services, 'maintenance'>,
  nowMs: number,
  log?: Logger,
): Promise<void> {
  const report = await maintenance.tidy(nowMs, retryBusy);
  const { answers, queryEmbeddings, userIds, clips, tracks } = report;
  const strays = report.strays ?? [];
  if (answers + queryEmbeddings + userIds + clips.count + tracks + strays.length === 0) return;
  const bytes = clips.bytes + strays.reduce((sum, stray) => sum + stray.bytes, 0);
  const files = strays.map(({ path }) => path);
  log?.info({ answers, queryEmbeddings, userIds, clips: clips.count, tracks, files, bytes }, 'tidied');
}
