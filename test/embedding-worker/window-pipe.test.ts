import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WindowMemory } from '../../embedding-worker/engines/window-memory.ts';
import { readWindows, writeWindow } from '../../embedding-worker/engines/window-pipe.ts';

const windows = fc.array(
  fc.record({ id: fc.nat({ max: 2 ** 32 - 1 }), samples: fc.float32Array({ minLength: 1, maxLength: 50 }) }),
  { maxLength: 5 },
);

describe('the pipe of windows', () => {
  test('returns its input in order, wherever it is split', async () => {
    await fc.assert(
      fc.asyncProperty(windows, fc.integer({ min: 1, max: 40 }), async (sent, cutBytes) => {
        const pipe = new PassThrough();
        for (const window of sent) writeWindow(pipe, window);
        pipe.end();
        const bytes = Buffer.concat(await pipe.toArray());
        const parts = Array.from({ length: Math.ceil(bytes.length / cutBytes) }, (_, i) =>
          bytes.subarray(i * cutBytes, (i + 1) * cutBytes),
        );
        const got = [];
        for await (const window of readWindows(Readable.from(parts), new WindowMemory(3))) got.push(window);
        expect(got).toEqual(sent);
      }),
    );
  });

  test('returns the same when each window is released before the next is read', async () => {
    await fc.assert(
      fc.asyncProperty(windows, async (sent) => {
        const pipe = new PassThrough();
        for (const window of sent) writeWindow(pipe, window);
        pipe.end();
        const memory = new WindowMemory(3);
        const got = [];
        for await (const { id, samples } of readWindows(pipe, memory)) {
          got.push({ id, samples: samples.slice() });
          memory.release(samples);
        }
        expect(got).toEqual(sent);
      }),
    );
  });

  test('refuses an invalid header', async () => {
    const reading = readWindows(Readable.from([Buffer.alloc(8, 0xff)]), new WindowMemory(3)).next();
    await expect(reading).rejects.toThrow(RangeError);
  });
});
