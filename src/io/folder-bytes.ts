/** The size of a folder on disk. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Sum of the sizes of all files below it. A file with several names counts once. Files that another process deletes
 *  meanwhile count 0. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const stats = files.map((file) => stat(path.join(file.parentPath, file.name)).catch(() => null));
  const sizes = new Map<string, number>();
  for (const found of await Promise.all(stats)) if (found) sizes.set(`${found.dev} ${found.ino}`, found.size);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
