import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { timeLimit } from '../../src/io/time-limit.ts';

test('aborts the signal when the time is over', async () => {
  using limit = timeLimit(10, new AbortController().signal);
  await vi.waitFor(() => expect(limit.isOver).toBe(true));
  expect(limit.signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('passes on the first abort of a caller, also when the time is over afterwards', async () => {
  const caller = new AbortController();
  using limit = timeLimit(20, new AbortController().signal, caller.signal);
  const reason = new Error('cancelled');
  caller.abort(reason);
  await sleep(60);
  expect(limit.signal.reason).toBe(reason);
  expect(limit.isOver).toBe(false);
});

test('is over by the time also when a caller aborts afterwards, before anything looked at the signal', async () => {
  const caller = new AbortController();
  using limit = timeLimit(10, caller.signal);
  await sleep(40);
  caller.abort(new Error('cancelled'));
  expect(limit.isOver).toBe(true);
  expect(limit.signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('never aborts after its work', async () => {
  const limit = timeLimit(20);
  limit[Symbol.dispose]();
  await sleep(60);
  expect(limit.signal.aborted).toBe(false);
});
