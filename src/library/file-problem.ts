/** Readable reasons for file system errors: the system's messages contain a code and repeat the path. Pure. */

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'reading it is not permitted',
  EPERM: 'reading it is not permitted',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'the links go round in a circle',
  EIO: 'its disk reports an error',
  ENAMETOOLONG: 'its path is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** @param own texts for codes with a different meaning in this context */
export function fileProblem(error: unknown, own: Readonly<Record<string, string>> = {}): string {
  const { code } = error as { code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  const known = typeof code === 'string' ? (own[code] ?? reasons[code]) : undefined;
  // Node writes "ECODE: words, call 'path'".
  return known ?? /^E[A-Z0-9]+: (.+?), \w+(?: '.*)?$/s.exec(message)?.[1] ?? message;
}
