/** How much lies in the index folder. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Sizes of all files below it. Other processes come and go in that folder: what is gone by the time it is looked at
 *  counts nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map((file) =>
    stat(path.join(file.parentPath, file.name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
