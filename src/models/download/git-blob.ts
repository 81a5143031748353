/** What git calls a file's content, which is how the hub names what is small enough to lie in git itself. */
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
