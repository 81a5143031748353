/** Placeholder for the content hash of an imported track without one: a marked hash of its vectors. It recognises a
 *  repeated import and never equals the hash of a file. */
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
