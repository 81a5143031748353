/** Delay before a failed file is tried again, so that files that always fail do not slow the runs. Pure.
 *
 *  Three kinds of failure. A fault of the file (no audio, too long, refused) is permanent: the file is tried again when it
 *  changes or a user requests it. A possibly temporary fault (worker died, permission missing) is tried again soon, with
 *  growing delays. A slow failure (decoder timeout) and an internal error start with a delay of a day.
 */
import type { ErrorCode } from '../errors.ts';

interface CoolDown {
  /** Number of failed tries without a delay. */
  readonly free?: number;
  readonly firstMs: number;
  readonly maxMs: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 5 minutes, 20, 80, 5 hours, 21 hours, 4 days, a week: a fault of an hour costs three tries, a permanent one costs
 *  one try a week. */
const growth = 4;

const moment: CoolDown = { firstMs: 5 * minuteMs, maxMs: 7 * dayMs };
const slow: CoolDown = { firstMs: dayMs, maxMs: 30 * dayMs };

const coolDowns: Partial<Record<ErrorCode, CoolDown>> = {
  // Opening a file is cheap, and a change of permissions leaves size and time unchanged.
  'file-unreadable': { firstMs: minuteMs, maxMs: dayMs },
  // The worker died during this track, perhaps for another reason: the next run tries it once more.
  'worker-unavailable': { ...moment, free: 1 },
  'audio-timeout': slow,
  'audio-too-costly': slow,
  internal: slow,
};

/** Permanent faults of the file. */
const fileFaults: ReadonlySet<ErrorCode> = new Set([
  'audio-empty',
  'audio-unreadable',
  'audio-refused',
  'audio-no-sound',
  'audio-too-short',
  'audio-too-long',
  'audio-too-large',
  'bad-request',
]);

/** @param tries failed tries in a row, 1 or more
 *  @returns milliseconds until the next try; null: when the file changes */
export function coolDownMs(code: ErrorCode, tries: number): number | null {
  if (fileFaults.has(code)) return null;
  const kind = coolDowns[code] ?? moment;
  const counted = tries - (kind.free ?? 0);
  return counted < 1 ? 0 : Math.min(kind.maxMs, kind.firstMs * growth ** (counted - 1));
}

/** Whether a failed file is due for another try.
 *
 *  A failure in the future means that the clock was set back. The age of the failure is then unknown, and the file is
 *  tried now.
 *
 *  @param failure.retryAtMs milliseconds since 1970, as nowMs; null: when the file changes */
export function isDue(failure: { readonly atMs: number; readonly retryAtMs: number | null }, nowMs: number): boolean {
  return failure.retryAtMs !== null && (nowMs >= failure.retryAtMs || nowMs < failure.atMs);
}
