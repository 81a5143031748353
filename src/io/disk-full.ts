/** Detects a full disk from the error codes of the operating system. */
import { LeitmotifError } from '../errors.ts';

/** No space left, over the quota, over the file size limit. The operator treats all three as a full disk. */
const fullCodes = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Runs `write`. A full-disk error becomes `disk-full`, which names the file. */
export async function orDiskFull<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string' || !fullCodes.includes(code)) throw error;
    throw new LeitmotifError('disk-full', `Cannot write ${file}: the disk is full (${code})`, { cause: error });
  }
}
