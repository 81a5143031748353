import { LeitmotifError } from '../errors.ts';

/** The error for an index file that differs from what was written: names the file, the fault and the fix. */
export function corruptIndexFile(path: string, why: string, cause?: unknown): LeitmotifError {
  const fix = 'The catalog has all data: `npm run index` builds the index again.';
  return new LeitmotifError('index-corrupt', `Cannot use the index: ${path}: ${why}. ${fix}`, { cause });
}
