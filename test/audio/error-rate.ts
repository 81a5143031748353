import type { Fingerprint } from '../../src/domain.ts';

/** Share of differing bits, item by item. */
export function errorRate(one: Fingerprint, other: Fingerprint): number {
  const items = Math.min(one.items.length, other.items.length);
  let errors = 0;
  for (let i = 0; i < items; i++) {
    const bits = ((one.items[i] ?? 0) ^ (other.items[i] ?? 0)) >>> 0;
    errors += bits.toString(2).replaceAll('0', '').length;
  }
  return errors / (32 * items);
}
