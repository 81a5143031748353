/** SHA-256 of a stream of bytes. */
import { createHash } from 'node:crypto';

/** @returns lower-case hex
 *  @throws errors of the stream */
export async function hashOf(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of blocks) hash.update(block);
  return hash.digest('hex');
}
