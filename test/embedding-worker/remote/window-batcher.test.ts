import { describe, expect, test } from 'vitest';
import { WindowBatcher, type WindowBatcherOptions } from '../../../embedding-worker/engines/remote/window-batcher.ts';

const never = new AbortController().signal;
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, i) => Float32Array.of(from + i));
const doubled = (inputs: readonly Float32Array[]) => inputs.map((input) => input.map((value) => value * 2));

/** A network whose calls the test answers, in any order. */
function byHand(options: Partial<WindowBatcherOptions> = {}) {
  const calls: { numbers: number[]; signal: AbortSignal; answer: () => void; fail: (error: Error) => void }[] = [];
  const batcher = new WindowBatcher({
    batchMax: () => 3,
    inFlightMax: 2,
    gatherMs: 1,
    infer: (inputs, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>();
      calls.push({
        numbers: inputs.map(([value]) => value as number),
        signal,
        answer: () => resolve(doubled(inputs)),
        fail: reject,
      });
      return promise;
    },
    ...options,
  });
  return { batcher, calls };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('windows for a remote engine', () => {
  test('are sent in batches up to the limit, and each gets its own answer in any order of answers', async () => {
    const { batcher, calls } = byHand();
    const asked = numbered(0, 5).map((window) => batcher.add(window, never));
    await until(() => calls.length === 2);
    expect(calls.map(({ numbers }) => numbers)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    for (const call of calls.toReversed()) call.answer();
    expect((await Promise.all(asked)).map(({ output }) => output[0])).toEqual([0, 2, 4, 6, 8]);
  });

  test('wait while the allowed number of requests is running, and are then sent in larger batches', async () => {
    const { batcher, calls } = byHand({ inFlightMax: 1 });
    const first = batcher.add(Float32Array.of(9), never);
    await until(() => calls.length === 1);
    const rest = numbered(0, 4).map((window) => batcher.add(window, never));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toHaveLength(1);
    calls[0]?.answer();
    await first;
    await until(() => calls.length === 2);
    expect(calls[1]?.numbers).toEqual([0, 1, 2]);
    calls[1]?.answer();
    await until(() => calls.length === 3);
    calls[2]?.answer();
    expect((await Promise.all(rest)).map(({ output }) => output[0])).toEqual([0, 2, 4, 6]);
  });

  test('are not sent when their recording was cancelled before', async () => {
    const { batcher, calls } = byHand();
    const gone = new AbortController();
    const cancelled = batcher.add(Float32Array.of(1), gone.signal);
    const stays = batcher.add(Float32Array.of(2), never);
    gone.abort(new Error('gone'));
    await expect(cancelled).rejects.toThrow('gone');
    await until(() => calls.length === 1);
    expect(calls[0]?.numbers).toEqual([2]);
    calls[0]?.answer();
    await stays;
  });

  test('end their request only when no window of it is wanted any more', async () => {
    const { batcher, calls } = byHand();
    const [one, other] = [new AbortController(), new AbortController()];
    const asked = [batcher.add(Float32Array.of(1), one.signal), batcher.add(Float32Array.of(2), other.signal)];
    await until(() => calls.length === 1);
    one.abort(new Error('one gone'));
    await expect(asked[0]).rejects.toThrow('one gone');
    expect(calls[0]?.signal.aborted).toBe(false);
    other.abort(new Error('other gone'));
    await expect(asked[1]).rejects.toThrow('other gone');
    expect(calls[0]?.signal.aborted).toBe(true);
  });

  test('fail together with their request, without affecting the next', async () => {
    const { batcher, calls } = byHand();
    const asked = numbered(0, 3).map((window) => batcher.add(window, never));
    await until(() => calls.length === 1);
    calls[0]?.fail(new Error('broken'));
    for (const window of asked) await expect(window).rejects.toThrow('broken');
    const next = batcher.add(Float32Array.of(7), never);
    await until(() => calls.length === 2);
    calls[1]?.answer();
    expect((await next).output).toEqual(Float32Array.of(14));
  });

  test('fail when the answer has fewer rows', async () => {
    const { batcher } = byHand({ infer: async () => [] });
    await expect(batcher.add(Float32Array.of(1), never)).rejects.toMatchObject({ code: 'inference-failed' });
  });

  test('are rejected at once when the engine is closed, sent or not, and later ones too', async () => {
    const { batcher, calls } = byHand({ inFlightMax: 1, batchMax: () => 1 });
    const asked = numbered(0, 2).map((window) => batcher.add(window, never));
    await until(() => calls.length === 1);
    batcher.close(new Error('closed'));
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.fail(new Error('closed'));
    for (const window of asked) await expect(window).rejects.toThrow('closed');
    await expect(batcher.add(Float32Array.of(1), never)).rejects.toThrow('closed');
  });
});
