/** Names the file in errors about a full disk. */
import { isDiskFullError, LeitmotifError } from '../errors.ts';

/** Runs `write`. A full-disk error becomes `disk-full`, which names the file. */
export async function withDiskFullError<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDiskFullError(error) || error instanceof LeitmotifError) throw error;
    const { code } = error as { code?: unknown };
    throw new LeitmotifError('disk-full', `Cannot write ${file}: the disk is full (${code})`, { cause: error });
  }
}
