/** For test files that write thousands of small durable files: in memory, none waits for the disk. */
import { afterAll, vi } from 'vitest';
import { hasSmallDisks, SmallDisk } from './small-disk.ts';

/** Far more than such a file writes; only what is written takes memory. */
const bytesMax = 1_000_000_000;

/** Keeps the temporary files of this test file in memory, where a file system may be mounted. Called at its top. */
export function keepTemporaryInMemory(): void {
  if (!hasSmallDisks) return;
  const disk = new SmallDisk(bytesMax);
  vi.stubEnv('TMPDIR', disk.path);
  afterAll(() => {
    vi.unstubAllEnvs();
    disk[Symbol.dispose]();
  });
}
