/** Git's hash of a file. The hub uses it as the etag of small files, which are stored in git itself. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** @returns 40 hexadecimal digits
 *  @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
export async function gitBlobOf(file: string): Promise<string> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const hash = createHash('sha1').update(`blob ${size}\0`);
  for await (const block of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) hash.update(block);
  return hash.digest('hex');
}
