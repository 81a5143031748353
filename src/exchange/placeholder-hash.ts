/** What stands in the catalog for the hash of a file whose bytes nobody knows: the hash of its vectors, marked as such,
 *  so that the same import twice is recognised and no file is ever taken for it. */
import { createHash } from 'node:crypto';
import type { Chunk } from '../domain.ts';

const mark = 'imported:';

export function placeholderHash(chunks: readonly Chunk[]): string {
  const hash = createHash('sha256');
  for (const { startSec, endSec, vector } of chunks) {
    hash.update(`${startSec} ${endSec} `);
    hash.update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  }
  return mark + hash.digest('hex');
}

export function isPlaceholderHash(contentSha256: string): boolean {
  return contentSha256.startsWith(mark);
}
