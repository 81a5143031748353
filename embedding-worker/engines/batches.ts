/** Groups items of a stream into batches of what is available. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface BatchLimits {
  /** At least 1. Called before each batch, because it may shrink. */
  readonly batchMax: () => number;
  /** How long an incomplete batch waits for another item. */
  readonly lingerMs: number;
}

/** Yields every item once, in order. @throws the error of `items`, after all items before it */
export async function* batchesOf<T>(
  items: AsyncIterator<T, void>,
  { batchMax, lingerMs }: BatchLimits,
): AsyncGenerator<T[], void> {
  let next = ask(items);
  for (;;) {
    const first = await next;
    if (first.done === true) return;
    const batch = [first.value];
    const sizeMax = batchMax();
    next = ask(items);
    while (batch.length < sizeMax) {
      // A failure ends the batch; it is thrown by the next `await`.
      const more = await Promise.race([next, sleep(lingerMs, null)]).catch(() => null);
      if (more === null || more.done === true) break;
      batch.push(more.value);
      next = ask(items);
    }
    yield batch;
  }
}

function ask<T>(items: AsyncIterator<T, void>): Promise<IteratorResult<T, void>> {
  const result = items.next();
  // Awaited later, perhaps a batch later. Without a handler it would count as an unhandled rejection until then.
  result.catch(() => {});
  return result;
}
