/** When a schedule is due. Pure, but for the clock of `nextDue`. Fields, ranges and time zones are node-cron's matter. */
import { createTask, type ScheduledTask, validateDetailed } from 'node-cron';

/** 'cron': it cannot be read, or no such moment ever comes; 'too-often': more than once an hour; 'time-zone': there is no
 *  such time zone */
export type ScheduleProblem = 'cron' | 'too-often' | 'time-zone';

const msPerMinute = 60_000;
/** All time zones of today are whole quarters of an hour from UTC: of the moments with the right minute, these are all. */
const stepMs = 15 * msPerMinute;
/** A bot that was away for longer has more to catch up than one run can tell. Some 3,000 steps of 10 µs. */
const lookBackMs = 31 * 86_400_000;

/** @param cron five fields, as crontab has them */
export function scheduleProblem(cron: string, timeZone: string): ScheduleProblem | null {
  const { valid, fields } = validateDetailed(cron);
  if (!valid || !fields || cron.trim().split(/\s+/).length !== 5) return 'cron';
  // An index run takes longer than minutes, and two at a time there are never.
  if (fields.minute.length !== 1) return 'too-often';
  return isTimeZone(timeZone) ? null : 'time-zone';
}

/** @param cron one in which scheduleProblem finds none */
export function nextDue(cron: string, timeZone: string): Date | null {
  return withTask(cron, timeZone, (task) => task.getNextRuns(1)[0] ?? null);
}

/** The latest due time after `sinceMs` and not after `nowMs`, milliseconds since 1970; null when there was none. It looks
 *  back a month at most. */
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

/** The latest moment that is as many minutes after a quarter of an hour as `minute` is. */
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

/** With a task that never runs: node-cron knows a schedule only by one. */
function withTask<T>(cron: string, timezone: string, use: (task: ScheduledTask) => T): T {
  const task = createTask(cron, () => {}, { timezone });
  try {
    return use(task);
  } finally {
    void task.destroy();
  }
}
