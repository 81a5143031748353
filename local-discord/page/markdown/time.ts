/** Formats Discord's timestamps in the user's language. Pure. */
import type { TimeStyle } from './nodes.ts';

const forms: Readonly<Record<Exclude<TimeStyle, 'R'>, Intl.DateTimeFormatOptions>> = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
  s: { dateStyle: 'short', timeStyle: 'short' },
  S: { dateStyle: 'short', timeStyle: 'medium' },
};

/** Largest first. A unit is used when the larger one would be 0. */
const unitsSec: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

export function formatTimestamp(unixSec: number, style: TimeStyle, locale: string, nowMs: number): string {
  if (style !== 'R') return new Intl.DateTimeFormat(locale, forms[style]).format(unixSec * 1000);
  const awaySec = Math.round(unixSec - nowMs / 1000);
  const [unit, lengthSec] = unitsSec.find(([, each]) => Math.abs(awaySec) >= each) ?? ['second', 1];
  // "now", but "1 day ago" instead of "yesterday", like Discord.
  const numeric = awaySec === 0 ? 'auto' : 'always';
  return new Intl.RelativeTimeFormat(locale, { numeric }).format(Math.trunc(awaySec / lengthSec), unit);
}

/** For the head of a message: the time, with the date unless it is today. */
export function formatSent(sentMs: number, locale: string, nowMs: number): string {
  const isToday = new Date(sentMs).toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(locale, isToday ? forms.t : forms.s).format(sentMs);
}
