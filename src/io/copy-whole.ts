/** Copies a file so that under its new name it is whole or not there. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { orDiskFull } from './disk-full.ts';

/** @param to in place of what is there; its folder exists
 *  @throws {LeitmotifError} 'disk-full'; whatever else the file system says */
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
