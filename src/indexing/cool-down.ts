/** How long a file that failed is left alone, so that files that always fail neither stop nor slow the runs. Pure.
 *
 *  Three kinds of failure. What lies in the file (no audio, too long, refused) will not pass: it is tried again when the
 *  file changes, or when somebody asks for it. What may lie in the moment (a worker that died, a permission that is
 *  missing) is tried again soon, and each time later. What takes long to fail (a decoder that runs into its deadline) or
 *  is our own mistake starts with a day.
 */
import type { ErrorCode } from '../errors.ts';

interface CoolDown {
  /** Failed tries that cost no wait. */
  readonly free?: number;
  readonly firstMs: number;
  readonly maxMs: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 5 minutes, 20, 80, 5 hours, 21 hours, 4 days, a week: a fault of an hour costs three tries, one that stays costs one
 *  try a week. */
const growth = 4;

const moment: CoolDown = { firstMs: 5 * minuteMs, maxMs: 7 * dayMs };
const slow: CoolDown = { firstMs: dayMs, maxMs: 30 * dayMs };

const coolDowns: Partial<Record<ErrorCode, CoolDown>> = {
  // Opening a file costs nothing, and permissions change without a trace in size and time.
  'file-unreadable': { firstMs: minuteMs, maxMs: dayMs },
  // The worker died over it, but perhaps not because of it: it has one more try in the next run.
  'worker-unavailable': { ...moment, free: 1 },
  'audio-timeout': slow,
  'audio-too-costly': slow,
  internal: slow,
};

/** What lies in the file. */
const ofTheFile: ReadonlySet<ErrorCode> = new Set([
  'audio-empty',
  'audio-unreadable',
  'audio-refused',
  'audio-no-sound',
  'audio-too-short',
  'audio-too-long',
  'audio-too-large',
  'bad-request',
]);

/** @param tries failed ones in a row, 1 or more
 *  @returns milliseconds until the next try; null: not until the file changes */
export function coolDownMs(code: ErrorCode, tries: number): number | null {
  if (ofTheFile.has(code)) return null;
  const kind = coolDowns[code] ?? moment;
  const counted = tries - (kind.free ?? 0);
  return counted < 1 ? 0 : Math.min(kind.maxMs, kind.firstMs * growth ** (counted - 1));
}

/** Whether a failed file is tried again now.
 *
 *  A clock that says it is earlier than the failure was set back since: then nothing is known of how long ago that was,
 *  and the file is tried, instead of being left alone for as long as the clock was wrong.
 *
 *  @param failure.retryAtMs null: not until the file changes; as nowMs, milliseconds since 1970 */
export function isDue(failure: { readonly atMs: number; readonly retryAtMs: number | null }, nowMs: number): boolean {
  return failure.retryAtMs !== null && (nowMs >= failure.retryAtMs || nowMs < failure.atMs);
}
