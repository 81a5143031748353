import { describe, expect, test } from 'vitest';
import { Admission, DrainingError, QueueFullError } from '../../embedding-worker/admission.ts';

const never = new AbortController().signal;

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('admission', () => {
  test('grants slots in order of arrival, up to the limit', async () => {
    const admission = new Admission({ runningMax: 1, waitingMax: 2 });
    const [first, second, third] = [admission.enter(), admission.enter(), admission.enter()];
    await first.turn(never);
    const turns = [second.turn(never), third.turn(never)] as const;
    expect(await isSettled(turns[0])).toBe(false);
    expect(admission.state).toEqual({ running: 1, waiting: 2 });
    first.leave();
    await turns[0];
    expect(await isSettled(turns[1])).toBe(false);
    second.leave();
    await turns[1];
  });

  test('refuses a request beyond the queue, and says when to retry', () => {
    const admission = new Admission({ runningMax: 1, waitingMax: 1 });
    admission.enter();
    const second = admission.enter();
    let refusal: unknown;
    try {
      admission.enter();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(QueueFullError);
    expect((refusal as QueueFullError).code).toBe('queue-full');
    expect((refusal as QueueFullError).retryAfterSec).toBeGreaterThanOrEqual(1);
    expect((refusal as QueueFullError).retryAfterSec).toBeLessThanOrEqual(60);
    second.leave();
    expect(() => admission.enter()).not.toThrow();
  });

  test('frees a slot once, however often it is released', () => {
    const admission = new Admission({ runningMax: 1, waitingMax: 0 });
    const place = admission.enter();
    place.leave();
    place.leave();
    admission.enter();
    expect(() => admission.enter()).toThrow(QueueFullError);
  });

  test('removes a cancelled request from the queue, and moves the others up', async () => {
    const admission = new Admission({ runningMax: 1, waitingMax: 2 });
    const [first, second, third] = [admission.enter(), admission.enter(), admission.enter()];
    await first.turn(never);
    const gaveUp = new AbortController();
    const secondTurn = second.turn(gaveUp.signal);
    const thirdTurn = third.turn(never);
    gaveUp.abort(new Error('gave up'));
    await expect(secondTurn).rejects.toThrow('gave up');
    second.leave();
    first.leave();
    await thirdTurn;
  });
});

test('while it drains, refuses new and waiting requests, and ends when the running one has left', async () => {
  const admission = new Admission({ runningMax: 1, waitingMax: 2 });
  const [running, waiting, receiving] = [admission.enter(), admission.enter(), admission.enter()];
  await running.turn(never);
  const turn = waiting.turn(never);
  const drained = admission.drain();
  await expect(turn).rejects.toBeInstanceOf(DrainingError);
  waiting.leave();
  // Its recording has arrived only now.
  await expect(receiving.turn(never)).rejects.toMatchObject({ code: 'worker-unavailable', retryAfterSec: 5 });
  receiving.leave();
  expect(() => admission.enter()).toThrow(DrainingError);
  expect(await isSettled(drained)).toBe(false);
  running.leave();
  await drained;
});
