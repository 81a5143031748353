/** The folder of one server's uploads and clips. A crashed server leaves its folder behind; the next one deletes it. The lock
 *  in each folder tells which servers live, also on other machines and in containers. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { makePrivateFolder } from '../io/private-files.ts';
import { ProcessLock } from '../io/process-lock.ts';

export interface SpoolFolder extends AsyncDisposable {
  readonly uploads: string;
  readonly clips: string;
}

/** @param root of all servers over one index */
export async function makeSpoolFolder(root: string): Promise<SpoolFolder> {
  await makePrivateFolder(root);
  for (const name of await readdir(root)) await removeIfDead(path.join(root, name));
  const own = path.join(root, randomBytes(8).toString('hex'));
  const [uploads, clips] = [path.join(own, 'uploads'), path.join(own, 'clips')];
  await makePrivateFolder(own);
  const lock = ProcessLock.take(lockOf(own));
  for (const folder of [uploads, clips]) await makePrivateFolder(folder);
  return {
    uploads,
    clips,
    async [Symbol.asyncDispose]() {
      lock?.release();
      await rm(own, { recursive: true, force: true });
    },
  };
}

/** A folder without a lock may belong to a server that has just begun. */
async function removeIfDead(folder: string): Promise<void> {
  const names: string[] = await readdir(folder).catch(() => []);
  if (!names.includes(path.basename(lockOf(folder)))) return;
  const lock = ProcessLock.take(lockOf(folder));
  if (lock === null) return;
  lock.release();
  await rm(folder, { recursive: true, force: true });
}

function lockOf(folder: string): string {
  return path.join(folder, 'server.lock');
}
