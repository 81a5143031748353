/** Remembers which files of a space's generations were verified, with their size, inode and times.
 *
 *  Reading 0.8 GB takes longer than the rest of a run that finds nothing changed. A file that was verified once and has
 *  not been written since is still intact as far as the file system can tell: every write changes its ctime, which no
 *  program can set back (unlike mtime), and another file has another inode. Corruption by a failing disk changes neither;
 *  `library verify` finds it by reading everything, and each index process checks its file before FAISS reads it.
 *
 *  The record is next to the generations, not in them, because a generation never changes. After it is deleted, the next
 *  run reads everything once.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { assertWritten, type FileRecord, replaceFile } from '../io/durable-file.ts';

const name = 'verified.json';

/** Nanoseconds are text because they exceed the precision of a number. */
const stateSchema = z.object({
  sha256: z.string(),
  bytes: z.int(),
  inode: z.string(),
  mtimeNs: z.string(),
  ctimeNs: z.string(),
});
const recordSchema = z.record(z.string(), stateSchema);

type FileState = z.infer<typeof stateSchema>;

interface NamedFile extends FileRecord {
  readonly file: string;
}

/** Checks that a generation's files are intact, reading only those that may have changed.
 *
 *  @param folder of the space
 *  @param id of the generation, which is its folder's name
 *  @param options.deep reads every byte and ignores the record
 *  @throws {LeitmotifError} as assertWritten */
export async function assertIntact(
  folder: string,
  id: string,
  files: readonly NamedFile[],
  { signal, deep = false }: { readonly signal?: AbortSignal; readonly deep?: boolean } = {},
): Promise<void> {
  const verifiedBefore = deep ? {} : await read(folder);
  const states: Record<string, FileState> = {};
  let isChanged = deep;
  for (const file of files) {
    const key = `${id}/${file.file}`;
    // Taken before the file is read, so that a write during the read is noticed the next time.
    const before = await stateOf(path.join(folder, id, file.file), file.sha256);
    states[key] = before;
    if (isEqual(before, verifiedBefore[key])) continue;
    await assertWritten(path.join(folder, id, file.file), file, signal);
    isChanged = true;
  }
  if (isChanged) await remember(folder, states);
}

/** Records files that the caller has just verified. */
export async function rememberIntact(folder: string, id: string, files: readonly NamedFile[]): Promise<void> {
  const states: Record<string, FileState> = {};
  for (const { file, sha256 } of files) states[`${id}/${file}`] = await stateOf(path.join(folder, id, file), sha256);
  await remember(folder, states);
}

async function stateOf(file: string, sha256: string): Promise<FileState> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return { sha256, bytes: Number(size), inode: String(ino), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) };
}

function isEqual(now: FileState, earlier: FileState | undefined): boolean {
  return earlier !== undefined && (Object.keys(now) as (keyof FileState)[]).every((key) => now[key] === earlier[key]);
}

/** An unreadable record counts as empty. */
async function read(folder: string): Promise<Record<string, FileState>> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path.join(folder, name), 'utf8')));
  } catch {
    return {};
  }
}

/** Stores the files of the latest generation only. A write error is ignored: the record is only a shortcut. */
async function remember(folder: string, states: Record<string, FileState>): Promise<void> {
  await replaceFile(path.join(folder, name), `${JSON.stringify(states, null, 1)}\n`).catch(() => {});
}
