import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Clock } from '../server/clock.ts';
import { Snowflakes } from '../server/snowflake.ts';

test('due timers run in order before advance returns, once, and not after cancellation', async () => {
  const clock = new Clock();
  const happened: string[] = [];
  clock.after(2000, () => happened.push('later'));
  clock.after(1000, () => happened.push('soon'));
  clock.after(1500, () => happened.push('never'))();
  clock.advance(2500);
  expect(happened).toEqual(['soon', 'later']);
  clock.advance(10_000);
  expect(happened).toHaveLength(2);
});

test('time also passes by itself', async () => {
  const clock = new Clock();
  let isDue = false;
  clock.after(10, () => {
    isDue = true;
  });
  await sleep(50);
  expect(isDue).toBe(true);
  expect(() => clock.advance(-1)).toThrow('expected 0 ms or more');
});

test('ids increase within one millisecond, and contain the time', () => {
  const clock = new Clock();
  const ids = new Snowflakes(clock);
  const made = Array.from({ length: 10_000 }, () => BigInt(ids.next()));
  expect(made.every((id, n) => n === 0 || id > (made[n - 1] ?? 0n))).toBe(true);
  expect(Math.abs(Number((made[0] ?? 0n) >> 22n) + 1_420_070_400_000 - Date.now())).toBeLessThan(1000);
  expect(String(made[0])).toMatch(/^\d{17,19}$/);
});
