/** Copies a file atomically: under its new name it is complete or missing. */
import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { withDiskFullError } from './disk-full.ts';
import { writeAtomically } from './durable-file.ts';

/** @param to replaced if it exists; its folder must exist
 *  @throws {LeitmotifError} 'disk-full'; other file system errors as they are */
export async function copyAtomically(from: string, to: string): Promise<void> {
  await writeAtomically(to, (partial) =>
    withDiskFullError(to, () => copyFile(from, partial, constants.COPYFILE_FICLONE)),
  );
}
