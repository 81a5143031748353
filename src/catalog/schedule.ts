/** When the library is indexed by itself: one schedule for the whole bot, kept with when it was last due. */
import type { Database } from './database.ts';

export interface ScheduleEntry {
  /** Five fields, as crontab has them. */
  readonly cron: string;
  /** IANA's name of it. */
  readonly timeZone: string;
  /** A person's id at Discord. */
  readonly setBy: string;
  /** Where its runs are told; null: nowhere. */
  readonly channelId: string | null;
  readonly locale: string;
}

export interface StoredSchedule extends ScheduleEntry {
  readonly setAtMs: number;
  /** The last due time that was seen to; null before the first. */
  readonly lastStartedAtMs: number | null;
}

const upsert = `
INSERT INTO schedule (only_one, cron, time_zone, set_by, set_at_ms, channel_id, locale)
VALUES (1, $cron, $timeZone, $setBy, $now, $channelId, $locale)
ON CONFLICT (only_one) DO UPDATE SET cron = $cron, time_zone = $timeZone, set_by = $setBy, set_at_ms = $now,
  channel_id = $channelId, locale = $locale, last_started_at_ms = NULL`;

/** Two machines' clocks, or a clock and the network's correction of it, differ by less. */
const clockSlackMs = 600_000;

export class Schedule {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  get(): StoredSchedule | null {
    const row = this.#database.get('SELECT * FROM schedule');
    if (row === undefined) return null;
    return {
      cron: String(row.cron),
      timeZone: String(row.time_zone),
      setBy: String(row.set_by),
      setAtMs: Number(row.set_at_ms),
      channelId: row.channel_id === null ? null : String(row.channel_id),
      locale: String(row.locale),
      lastStartedAtMs: row.last_started_at_ms === null ? null : Number(row.last_started_at_ms),
    };
  }

  /** In place of what there was. What was due before now is not caught up. */
  set({ cron, timeZone, setBy, channelId, locale }: ScheduleEntry): void {
    this.#database.write(upsert, { cron, timeZone, setBy, channelId, locale, now: this.#now() });
  }

  clear(): void {
    this.#database.write('DELETE FROM schedule');
  }

  /** Takes a due time, for good: whoever gets true runs it, and nobody else will, in whatever process.
   *  A time that was taken in what is now the future was taken by a clock that has been set back since. It counts as
   *  nothing: otherwise nothing would run until that time comes again.
   *  @returns false when it, or a later one, was taken before, or there is no schedule */
  startedAt(dueMs: number): boolean {
    const update = `UPDATE schedule SET last_started_at_ms = $due
      WHERE coalesce(last_started_at_ms, set_at_ms) < $due OR coalesce(last_started_at_ms, set_at_ms) > $now`;
    return this.#database.write(update, { due: dueMs, now: this.#now() + clockSlackMs }).changes === 1;
  }
}
