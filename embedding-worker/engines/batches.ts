/** What comes one by one, in batches of what is there. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @param batchMax at least 1
 *  @param lingerMs how long a batch that is not full waits for one more */
export async function* batchesOf<T>(
  items: AsyncIterator<T, void>,
  { batchMax, lingerMs }: { readonly batchMax: number; readonly lingerMs: number },
): AsyncGenerator<T[], void> {
  let next = items.next();
  for (;;) {
    const first = await next;
    if (first.done === true) return;
    const batch = [first.value];
    next = items.next();
    while (batch.length < batchMax) {
      const more = await Promise.race([next, sleep(lingerMs, null)]);
      if (more === null || more.done === true) break;
      batch.push(more.value);
      next = items.next();
    }
    yield batch;
  }
}
