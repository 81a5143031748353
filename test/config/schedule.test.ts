import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastDueMs, nextDue, scheduleProblem } from '../../src/config/schedule.ts';

test.each([
  ['0 3 * * *', 'Europe/Berlin'],
  ['30 2 1 * *', 'UTC'],
  ['15 * * * *', 'Asia/Kathmandu'],
  ['0 4 * * mon-fri', 'America/New_York'],
  ['0 0 29 2 *', 'UTC'],
])('accepts %s in %s', (cron, timeZone) => {
  expect(scheduleProblem(cron, timeZone)).toBeNull();
  expect(nextDue(cron, timeZone)?.getTime()).toBeGreaterThan(Date.now());
});

test.each([
  ['', 'UTC', 'cron'],
  ['every night', 'UTC', 'cron'],
  ['@daily', 'UTC', 'cron'],
  ['0 0 3 * * *', 'UTC', 'cron'],
  ['0 25 * * *', 'UTC', 'cron'],
  ['0 0 31 2 *', 'UTC', 'cron'],
  ['* * * * *', 'UTC', 'too-often'],
  ['*/30 3 * * *', 'UTC', 'too-often'],
  ['0,1 3 * * *', 'UTC', 'too-often'],
  ['0 3 * * *', 'Europe/Atlantis', 'time-zone'],
  ['0 3 * * *', '', 'time-zone'],
] as const)('refuses "%s" in "%s": %s', (cron, timeZone, problem) => {
  expect(scheduleProblem(cron, timeZone)).toBe(problem);
});

const at = (iso: string) => Date.parse(iso);

test('finds the latest due time in the given time zone', () => {
  const since = at('2026-03-01T00:00:00Z');
  const last = (cron: string, timeZone: string, now: string, from = since) => {
    const found = lastDueMs(cron, timeZone, from, at(now));
    return found === null ? null : new Date(found).toISOString();
  };
  expect(last('0 3 * * *', 'UTC', '2026-03-05T12:00:00Z')).toBe('2026-03-05T03:00:00.000Z');
  expect(last('0 3 * * *', 'UTC', '2026-03-05T02:59:59Z')).toBe('2026-03-04T03:00:00.000Z');
  expect(last('0 3 * * *', 'UTC', '2026-03-05T03:00:00Z')).toBe('2026-03-05T03:00:00.000Z');
  expect(last('0 3 * * *', 'Europe/Berlin', '2026-03-05T12:00:00Z')).toBe('2026-03-05T02:00:00.000Z');
  // In summer time, an hour earlier in UTC.
  expect(last('0 4 * * *', 'Europe/Berlin', '2026-03-30T12:00:00Z')).toBe('2026-03-30T02:00:00.000Z');
  expect(last('10 3 * * *', 'Asia/Kathmandu', '2026-03-05T12:00:00Z')).toBe('2026-03-04T21:25:00.000Z');
  expect(last('0 3 * * 1', 'UTC', '2026-03-05T12:00:00Z')).toBe('2026-03-02T03:00:00.000Z');
  expect(last('0 3 * * 1', 'UTC', '2026-03-05T12:00:00Z', at('2026-03-02T03:00:00Z'))).toBeNull();
});

test('finds the due time of nextDue when called just after it', () => {
  const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns'];
  fc.assert(
    fc.property(fc.nat(59), fc.nat(23), fc.constantFrom(...zones), (minute, hour, zone) => {
      const cron = `${minute} ${hour} * * *`;
      const next = nextDue(cron, zone)?.getTime() ?? 0;
      expect(lastDueMs(cron, zone, next - 1, next + 30_000)).toBe(next);
      expect(lastDueMs(cron, zone, next, next + 30_000)).toBeNull();
    }),
    { numRuns: 60 },
  );
});
