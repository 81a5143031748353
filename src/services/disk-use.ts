/** How much disk the index folder uses, and what is left there. */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { folderBytes } from '../io/folder-bytes.ts';

export interface DiskUse {
  readonly usedBytes: number;
  /** What a user without root may still write. */
  readonly freeBytes: number;
}

export async function diskUse(indexDir: string): Promise<DiskUse> {
  const [usedBytes, { bavail, bsize }] = await Promise.all([folderBytes(indexDir), statfs(path.resolve(indexDir))]);
  return { usedBytes, freeBytes: bavail * bsize };
}
