/** SHA-256 of a recording's bytes, as they stream by. */
import { createHash } from 'node:crypto';

/** @returns lower-case hex
 *  @throws whatever reading throws */
export async function hashOf(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of blocks) hash.update(block);
  return hash.digest('hex');
}
