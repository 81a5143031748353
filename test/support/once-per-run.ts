/** Fixtures that several test files share. The first file that needs one builds it; files at the same time wait for it. No run
 *  uses those of another, so no fixture is older than the code under test. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessLock } from '../../src/io/process-lock.ts';

/** Unset in programs that test/support/run-folder.ts does not set up. */
export const runFolder = process.env.TEST_RUN_FOLDER;

/** @param build fills an empty folder
 *  @returns the folder; the caller copies it and never changes it */
export async function oncePerRun(run: string, name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(run, name);
  while (!existsSync(folder)) {
    // It ends with its process: the next file builds the fixture if this one is killed.
    using lock = ProcessLock.take(`${folder}.lock`);
    if (lock === null) await delay(20);
    else if (!existsSync(folder)) {
      const aside = `${folder}.part`;
      rmSync(aside, { recursive: true, force: true });
      mkdirSync(aside);
      await build(aside);
      renameSync(aside, folder);
    }
  }
  return folder;
}
