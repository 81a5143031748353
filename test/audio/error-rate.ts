import type { Fingerprint } from '../../src/domain.ts';
import { bitErrors, bitsPerItem } from '../../src/fingerprint/items.ts';

/** Share of differing bits, item by item. */
export function errorRate(one: Fingerprint, other: Fingerprint): number {
  const items = Math.min(one.items.length, other.items.length);
  let errors = 0;
  for (let item = 0; item < items; item++) errors += bitErrors(one.items, other.items, item, 0);
  return errors / (bitsPerItem * items);
}
