/** SHA-256 of a recording's bytes, as they stream by. */
import { createHash } from 'node:crypto';
import type { Library } from '../library/library.ts';

/** @returns lower-case hex
 *  @throws whatever reading the file throws; an AbortError when the signal is given */
export async function hashContent(library: Library, key: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of library.read(key, { signal })) hash.update(block as Buffer);
  return hash.digest('hex');
}
