/** Computes when a cron schedule is due. Pure, except for the clock of `nextDue`. node-cron parses fields, ranges and time zones. */
import { createTask, type ScheduledTask, validateDetailed } from 'node-cron';

/** 'cron': unreadable, or never due; 'too-often': more than once an hour; 'time-zone': unknown time zone */
export type ScheduleProblem = 'cron' | 'too-often' | 'time-zone';

const msPerMinute = 60_000;
/** All current time zones differ from UTC by whole quarters of an hour. So steps of a quarter hour reach every due time. */
const stepMs = 15 * msPerMinute;
/** A month is enough to detect a missed run. About 3,000 steps of 10 µs. */
const lookBackMs = 31 * 86_400_000;

/** @param cron five fields, as in crontab */
export function scheduleProblem(cron: string, timeZone: string): ScheduleProblem | null {
  const { valid, fields } = validateDetailed(cron);
  if (!valid || !fields || cron.trim().split(/\s+/).length !== 5) return 'cron';
  // An index run takes longer than minutes, and two never run at once.
  if (fields.minute.length !== 1) return 'too-often';
  return isTimeZone(timeZone) ? null : 'time-zone';
}

/** @param cron a schedule without a scheduleProblem */
export function nextDue(cron: string, timeZone: string): Date | null {
  return withTask(cron, timeZone, (task) => task.getNextRuns(1)[0] ?? null);
}

/** The latest due time after `sinceMs` and not after `nowMs`, milliseconds since 1970; null when there was none. Looks
 *  back at most a month. */
export function lastDueMs(cron: string, timeZone: string, sinceMs: number, nowMs: number): number | null {
  const minute = Number(validateDetailed(cron).fields?.minute[0] ?? 0);
  const firstMs = Math.max(sinceMs + 1, nowMs - lookBackMs);
  return withTask(cron, timeZone, (task) => {
    for (let atMs = latestQuarter(nowMs, minute); atMs >= firstMs; atMs -= stepMs) {
      if (task.match(new Date(atMs))) return atMs;
    }
    return null;
  });
}

/** The latest time at or before `nowMs` with the same minute modulo 15 as `minute`. */
function latestQuarter(nowMs: number, minute: number): number {
  const offsetMs = (minute % 15) * msPerMinute;
  return Math.floor((nowMs - offsetMs) / stepMs) * stepMs + offsetMs;
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** Calls `use` with a task that never runs, because node-cron evaluates schedules only through tasks. */
function withTask<T>(cron: string, timezone: string, use: (task: ScheduledTask) => T): T {
  const task = createTask(cron, () => {}, { timezone });
  try {
    return use(task);
  } finally {
    void task.destroy();
  }
}
