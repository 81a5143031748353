/** Files and folders that hold people's data: theirs alone whatever the umask, and never written or read through a link that
 *  somebody laid in their place. The one place for it; a folder or file that the operator chose and made keeps its mode.
 */
import { chmodSync, closeSync, constants, fchmodSync, lstatSync, openSync, type Stats, writeFileSync } from 'node:fs';
import { chmod, type FileHandle, mkdir, open } from 'node:fs/promises';

const folderMode = 0o700;
const fileMode = 0o600;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

/** With all folders above it. Those that were there before keep their mode.
 *  @throws what the file system says */
export async function makePrivateFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: folderMode });
  // The umask may have taken the owner's own rights.
  if (made !== undefined) await chmod(folder, folderMode);
}

/** A new file, to be written.
 *  @throws EEXIST where something lies there, be it a link; what the file system says */
export async function createPrivateFile(file: string): Promise<FileHandle> {
  const handle = await open(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, fileMode);
  try {
    await handle.chmod(fileMode);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A small file in the place of what is there.
 *  @throws ELOOP where a link lies there; what the file system says */
export function writePrivateFileSync(file: string, text: string): void {
  const descriptor = openSync(file, O_CREAT | O_NOFOLLOW | O_TRUNC | O_WRONLY, fileMode);
  try {
    fchmodSync(descriptor, fileMode);
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/** For files that another library opens by their name, before it does: makes it, or takes others' rights from it. One that is
 *  there is not opened: closing it would give up the locks that this process holds on it.
 *  @see https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_ */
export function makePrivateFileSync(file: string): void {
  try {
    const descriptor = openSync(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, fileMode);
    fchmodSync(descriptor, fileMode);
    closeSync(descriptor);
  } catch {
    // It is there; or it cannot be made, which the library says that opens it next, in words of its own.
  }
  takeOthersRights(file, fileMode);
}

/** For what somebody else wrote. What is missing, a link, or somebody else's is left as it is. */
export function makePrivateSync(path: string): void {
  takeOthersRights(path, lookAt(path)?.isDirectory() ? folderMode : fileMode);
}

/** @returns false for a link, whatever it leads to */
export function isPlainFile(file: string): boolean {
  return lookAt(file)?.isFile() ?? false;
}

function takeOthersRights(path: string, mode: number): void {
  const found = lookAt(path);
  if (found === null || found.isSymbolicLink() || found.uid !== process.getuid?.()) return;
  // A file that its owner may only read stays so.
  if ((found.mode & 0o077) === 0) return;
  try {
    chmodSync(path, found.mode & mode);
  } catch (error) {
    // A file system that is read-only, or knows no rights.
    if (!['EROFS', 'EPERM', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function lookAt(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
