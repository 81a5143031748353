/** Seeds for repeatable random draws. */

/** A seed from a text, so that a draw for one track does not depend on the others. FNV-1a. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
