/** Gives a file that never changes a second name. */
import { constants } from 'node:fs';
import { copyFile, link } from 'node:fs/promises';
import { withDiskFullError } from './disk-full.ts';
import { assertWritten, type FileRecord, syncFile } from './durable-file.ts';

/** Hard links take no room and no time. File systems without them (FAT, some network drives) get a copy, synced and read
 *  back.
 *  @throws {LeitmotifError} `disk-full`, `index-corrupt` if the copy differs; the signal's reason */
export async function linkOrCopy(from: string, to: string, record: FileRecord, signal?: AbortSignal): Promise<void> {
  try {
    await withDiskFullError(to, () => link(from, to));
  } catch (error) {
    if (!cannotLink.has(String((error as { code?: unknown }).code))) throw error;
    await withDiskFullError(to, () => copyFile(from, to, constants.COPYFILE_FICLONE));
    await syncFile(to);
    await assertWritten(to, record, signal);
  }
}

/** @see link(2) */
const cannotLink = new Set(['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
