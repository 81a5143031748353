import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { coolDownMs, isDue } from '../../src/indexing/cool-down.ts';

const codes: ErrorCode[] = [
  'worker-unavailable',
  'file-unreadable',
  'decode-failed',
  'inference-failed',
  'audio-timeout',
  'audio-empty',
];
const days = (ms: number) => ms / 86_400_000;

test('skips a file that cannot be decoded until it changes', () => {
  expect(coolDownMs('audio-unreadable', 1)).toBeNull();
  expect(isDue({ atMs: 0, retryAtMs: null }, Number.MAX_SAFE_INTEGER)).toBe(false);
});

test('waits longer after every try, at most a month', () => {
  fc.assert(
    fc.property(fc.constantFrom(...codes), fc.integer({ min: 1, max: 2000 }), (code, tries) => {
      const [now, next] = [coolDownMs(code, tries), coolDownMs(code, tries + 1)];
      if (now === null || next === null) return now === next;
      return now >= 0 && next >= now && days(next) <= 30;
    }),
  );
});

test('is due at its time, and when the clock shows a time before the failure', () => {
  const failure = { atMs: 1000, retryAtMs: 2000 };
  expect([999, 1000, 1999, 2000].map((nowMs) => isDue(failure, nowMs))).toEqual([true, false, false, true]);
});
