/** A disk that is full, as the operating system says it. */
import { LeitmotifError } from '../errors.ts';

/** No space left, over the quota, over the limit of a file's size: all of them "the disk is full" to whoever must act. */
const fullCodes = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Runs `write`; what a full disk throws becomes `disk-full`, which names the file. */
export async function orDiskFull<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string' || !fullCodes.includes(code)) throw error;
    throw new LeitmotifError('disk-full', `Cannot write ${file}: the disk is full (${code})`, { cause: error });
  }
}
