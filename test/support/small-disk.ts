/** A disk of a few pages for tests of full disks: a separate file system in memory. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The allocation unit of the disk. */
export const pageBytes = 4096;

export class SmallDisk implements Disposable {
  readonly path: string;

  constructor(sizeBytes: number) {
    const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-disk-'));
    this.path = path.join(folder, 'disk');
    mkdirSync(this.path);
    try {
      mount('-t', 'tmpfs', '-o', `size=${whole(sizeBytes)}`, 'tmpfs', this.path);
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
  }

  get usedBytes(): number {
    const { blocks, bfree, bsize } = statfsSync(this.path);
    return (blocks - bfree) * bsize;
  }

  /** @param sizeBytes what is in use, or more */
  resize(sizeBytes: number): void {
    mount('-o', `remount,size=${whole(sizeBytes)}`, this.path);
  }

  /** Leaves this many bytes free. */
  leave(freeBytes: number): void {
    this.resize(this.usedBytes + freeBytes);
  }

  /** Works while files are open there: they are freed when they are closed. */
  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.path]);
    rmSync(path.dirname(this.path), { recursive: true });
  }
}

/** Whether such a disk can be mounted here. Root may mount; other users may in a mount namespace:
 *  `unshare -rm npx vitest run full-disk`. */
export const hasSmallDisks = (() => {
  try {
    new SmallDisk(pageBytes)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
})();

/** A size of 0 would be no limit at all. */
function whole(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / pageBytes)) * pageBytes;
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}
