import { LeitmotifError } from '../errors.ts';

/** An index file that is not what was written: says which, what is wrong, and what mends it. */
export function corruptIndexFile(path: string, why: string, cause?: unknown): LeitmotifError {
  const mend = 'The catalog has all of it: `npm run index` builds the index again.';
  return new LeitmotifError('index-corrupt', `Cannot use the index: ${path}: ${why}. ${mend}`, { cause });
}
