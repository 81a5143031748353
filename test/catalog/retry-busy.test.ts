import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { retryBusy } from '../../src/catalog/retry-busy.ts';
import { LeitmotifError } from '../../src/errors.ts';

const busy = () => new LeitmotifError('catalog-busy', 'busy');

describe('a write to a busy catalog', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('is tried at once', () => {
    const write = vi.fn(() => 7);
    const written = retryBusy(write);
    expect(write).toHaveBeenCalledTimes(1);
    return expect(written).resolves.toBe(7);
  });

  test('is retried until the catalog is free', async () => {
    let tries = 0;
    const written = retryBusy(() => {
      if (++tries < 5) throw busy();
      return 'written';
    });
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(written).resolves.toBe('written');
    expect(tries).toBe(5);
  });

  test('fails after ten seconds, and not before nine', async () => {
    let failure: unknown;
    let tries = 0;
    retryBusy(() => {
      tries++;
      throw busy();
    }).catch((error: unknown) => {
      failure = error;
    });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(failure).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_600);
    expect(failure).toMatchObject({ code: 'catalog-busy' });
    const triesInAll = tries;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries).toBe(triesInAll);
    // A pause is at most half a second, and never zero: a loop without pauses would try thousands of times.
    expect(triesInAll).toBeGreaterThan(15);
    expect(triesInAll).toBeLessThan(60);
  });

  test('that fails for another reason is not repeated', async () => {
    const write = vi.fn(() => {
      throw new LeitmotifError('disk-full', 'full');
    });
    await expect(retryBusy(write)).rejects.toMatchObject({ code: 'disk-full' });
    const mistake = vi.fn(() => {
      throw new RangeError('ours');
    });
    await expect(retryBusy(mistake)).rejects.toThrow('ours');
    expect(write).toHaveBeenCalledTimes(1);
    expect(mistake).toHaveBeenCalledTimes(1);
  });

  test('ends with its signal', async () => {
    const stop = new AbortController();
    const written = retryBusy(() => {
      throw busy();
    }, stop.signal);
    const refused = expect(written).rejects.toThrow('stopped');
    await vi.advanceTimersByTimeAsync(100);
    stop.abort(new Error('stopped'));
    await refused;
  });
});
