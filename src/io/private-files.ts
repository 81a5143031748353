/** Files and folders with user data: only their owner has access, whatever the umask, and they are never opened through a
 *  symbolic link. Folders and files that the operator made keep their mode.
 */
import { chmodSync, closeSync, constants, fchmodSync, lstatSync, openSync, type Stats, writeFileSync } from 'node:fs';
import { chmod, type FileHandle, mkdir, open } from 'node:fs/promises';

const folderMode = 0o700;
const fileMode = 0o600;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

/** Makes a folder and its parents. Existing folders keep their mode.
 *  @throws errors of the file system */
export async function makePrivateFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: folderMode });
  // The umask may have removed the owner's own rights.
  if (made !== undefined) await chmod(folder, folderMode);
}

/** Creates a new file and opens it for writing.
 *  @throws EEXIST when the path exists, also as a link; other errors of the file system */
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

/** Writes a small file, replacing its content if it exists.
 *  @throws ELOOP when the path is a link; other errors of the file system */
export function writePrivateFileSync(file: string, text: string): void {
  const descriptor = openSync(file, O_CREAT | O_NOFOLLOW | O_TRUNC | O_WRONLY, fileMode);
  try {
    fchmodSync(descriptor, fileMode);
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/** Prepares a file that a library opens by name: creates it, or removes the access of others. An existing file is not
 *  opened, because closing it would release the locks that this process holds on it.
 *  @see https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_ */
export function makePrivateFileSync(file: string): void {
  try {
    const descriptor = openSync(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, fileMode);
    fchmodSync(descriptor, fileMode);
    closeSync(descriptor);
  } catch {
    // It exists already. Or it cannot be created: then the library that opens it next reports that.
  }
  removeOthersAccess(file, fileMode);
}

/** Restricts access to a file or folder that other code wrote. Missing paths, links, and files of other users stay as they are. */
export function makePrivateSync(path: string): void {
  removeOthersAccess(path, lookAt(path)?.isDirectory() ? folderMode : fileMode);
}

/** @returns false for a link, whatever its target */
export function isPlainFile(file: string): boolean {
  return lookAt(file)?.isFile() ?? false;
}

function removeOthersAccess(path: string, mode: number): void {
  const found = lookAt(path);
  if (found === null || found.isSymbolicLink() || found.uid !== process.getuid?.()) return;
  // A file without access for others keeps its mode, also a read-only one.
  if ((found.mode & 0o077) === 0) return;
  try {
    chmodSync(path, found.mode & mode);
  } catch (error) {
    // A read-only file system, or one without permissions.
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
