/** What comes one by one, in batches of what is there. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface BatchLimits {
  /** At least 1. Asked before each batch: it may become less. */
  readonly batchMax: () => number;
  /** How long a batch that is not full waits for one more. */
  readonly lingerMs: number;
}

/** In order, each item once. @throws what `items` throws, after what came before it */
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
      // A failure ends the batch; it is thrown when its turn comes.
      const more = await Promise.race([next, sleep(lingerMs, null)]).catch(() => null);
      if (more === null || more.done === true) break;
      batch.push(more.value);
      next = ask(items);
    }
    yield batch;
  }
}

function ask<T>(items: AsyncIterator<T, void>): Promise<IteratorResult<T, void>> {
  const asked = items.next();
  // Seen only when it is awaited, which may be a batch later: until then it is nobody's unhandled rejection.
  asked.catch(() => {});
  return asked;
}
