/** The schedule of automatic index runs: one for the whole bot, stored with its last due time. */
import type { Database } from './database.ts';

export interface ScheduleEntry {
  /** Five fields, as in crontab. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** A Discord user id. */
  readonly setBy: string;
  /** The channel for reports about its runs; null: none. */
  readonly channelId: string | null;
  readonly locale: string;
}

export interface StoredSchedule extends ScheduleEntry {
  readonly setAtMs: number;
  /** The last due time that was handled; null before the first. */
  readonly lastStartedAtMs: number | null;
}

const upsert = `
INSERT INTO schedule (only_one, cron, time_zone, set_by, set_at_ms, channel_id, locale)
VALUES (1, $cron, $timeZone, $setBy, $now, $channelId, $locale)
ON CONFLICT (only_one) DO UPDATE SET cron = $cron, time_zone = $timeZone, set_by = $setBy, set_at_ms = $now,
  channel_id = $channelId, locale = $locale, last_started_at_ms = NULL`;

/** More than the difference between two machines' clocks, or between a clock and its correction by NTP. */
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

  /** Replaces the schedule. Earlier due times are not caught up. */
  set({ cron, timeZone, setBy, channelId, locale }: ScheduleEntry): void {
    this.#database.write(upsert, { cron, timeZone, setBy, channelId, locale, now: this.#now() });
  }

  clear(): void {
    this.#database.write('DELETE FROM schedule');
  }

  /** Claims a due time across all processes: the one caller that gets true starts the run.
   *  A claimed time in the future comes from a clock that was set back since, and is ignored; otherwise nothing would
   *  run until that time.
   *  @returns false when this or a later time was claimed before, or there is no schedule */
  startedAt(dueMs: number): boolean {
    const update = `UPDATE schedule SET last_started_at_ms = $due
      WHERE coalesce(last_started_at_ms, set_at_ms) < $due OR coalesce(last_started_at_ms, set_at_ms) > $now`;
    return this.#database.write(update, { due: dueMs, now: this.#now() + clockSlackMs }).changes === 1;
  }
}
