import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesOf } from '../../embedding-worker/engines/batches.ts';
import { canaryWindow, checkCanary } from '../../embedding-worker/engines/canary.ts';
import { bucketOf, devicesToTry, deviceUnusable } from '../../embedding-worker/engines/devices.ts';
import { gpuShareOf } from '../../embedding-worker/engines/placement.ts';

describe('the devices to try', () => {
  test('start with GPUs when one may exist, and are only the CPU otherwise', () => {
    expect(devicesToTry('auto', () => true)).toEqual(['cuda', 'webgpu', 'cpu']);
    expect(devicesToTry('auto', () => false)).toEqual(['cpu']);
  });

  test.each(['cuda', 'webgpu', 'cpu'] as const)('are only %s when it is set by name', (device) => {
    for (const mayBeThere of [true, false]) expect(devicesToTry(device, () => mayBeThere)).toEqual([device]);
  });

  test('name their variable when they are not available', () => {
    const { code, message } = deviceUnusable('cuda', 'no driver');
    expect(code).toBe('config-invalid');
    expect(message).toContain('EMBEDDING_DEVICE=cuda: no driver. With EMBEDDING_DEVICE=auto');
  });
});

describe('batches', () => {
  test('contain every item once, in order, within the size limit', async () => {
    const steps = fc.array(fc.record({ late: fc.boolean() }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 9 }), async (items, batchMax) => {
        async function* come() {
          for (const [at, { late }] of items.entries()) {
            if (late) await new Promise((resolve) => setTimeout(resolve, 2));
            yield at;
          }
        }
        const batches = [];
        for await (const batch of batchesOf(come(), { batchMax: () => batchMax, lingerMs: 1 })) batches.push(batch);
        expect(batches.flat()).toEqual(items.map((_, at) => at));
        for (const { length } of batches) {
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(batchMax);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('are full while items are available', async () => {
    async function* seven() {
      yield* [1, 2, 3, 4, 5, 6, 7];
    }
    const batches = [];
    for await (const batch of batchesOf(seven(), { batchMax: () => 3, lingerMs: 10_000 })) batches.push(batch);
    expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  test('shrink when the limit shrinks', async () => {
    async function* six() {
      yield* [1, 2, 3, 4, 5, 6];
    }
    let batchMax = 4;
    const batches = [];
    for await (const batch of batchesOf(six(), { batchMax: () => batchMax, lingerMs: 10_000 })) {
      batches.push(batch);
      batchMax = 1;
    }
    expect(batches).toEqual([[1, 2, 3, 4], [5], [6]]);
  });

  test('rethrow the error of their source after all earlier items', async () => {
    async function* broken() {
      yield* [1, 2];
      throw new Error('broken');
    }
    const batches: number[][] = [];
    const reading = async () => {
      for await (const batch of batchesOf(broken(), { batchMax: () => 3, lingerMs: 10_000 })) batches.push(batch);
    };
    await expect(reading()).rejects.toThrow('broken');
    expect(batches).toEqual([[1, 2]]);
  });

  test('are padded to the next power of two', () => {
    expect([1, 2, 3, 4, 5, 8, 9, 16].map(bucketOf)).toEqual([1, 2, 4, 4, 8, 8, 16, 16]);
  });
});

describe('the canary', () => {
  test('is the same noise on every machine, at the declared level', () => {
    const window = canaryWindow(160_000);
    expect([...window.subarray(0, 3)].map((value) => value.toFixed(6))).toEqual(['-0.052709', '-0.026146', '0.000848']);
    expect(window.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0)).toBeLessThanOrEqual(0.1);
  });

  test('accepts rounding differences, and reports the distance otherwise', () => {
    const known = Float32Array.of(1, 0);
    expect(() => checkCanary(Float32Array.of(Math.cos(0.01), Math.sin(0.01)), known)).not.toThrow();
    expect(() => checkCanary(Float32Array.of(Math.cos(0.1), Math.sin(0.1)), known)).toThrow('is 0.0050 from the one');
    expect(() => checkCanary(Float32Array.of(Number.NaN, 0), known)).toThrow('NaN');
    expect(() => checkCanary(Float32Array.of(1, 0, 0), known)).toThrow('to have 2 values, got 3');
  });
});

describe('the device that ran a graph', () => {
  const node = (provider: string, bytes: number) => ({
    cat: 'Node',
    args: { provider, output_size: String(bytes) },
  });

  test('is decided by bytes of output, not by nodes', () => {
    const events = [
      { cat: 'Session' },
      node('WebGpuExecutionProvider', 960),
      ...Array.from({ length: 5 }, () => node('CPUExecutionProvider', 8)),
    ];
    expect(gpuShareOf([JSON.stringify(events)])).toBeCloseTo(0.96, 9);
  });

  test('is none when nothing ran', () => expect(gpuShareOf(['[]'])).toBe(0));
});
