/** Copies a file atomically: under its new name it is complete or missing. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { orDiskFull } from './disk-full.ts';

/** @param to replaced if it exists; its folder must exist
 *  @throws {LeitmotifError} 'disk-full'; other file system errors as they are */
export async function copyWhole(from: string, to: string): Promise<void> {
  const partial = `${to}.${randomUUID()}.part`;
  try {
    await orDiskFull(to, async () => {
      await copyFile(from, partial, constants.COPYFILE_FICLONE);
      await rename(partial, to);
    });
  } finally {
    await rm(partial, { force: true });
  }
}
