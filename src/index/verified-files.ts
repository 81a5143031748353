/** Which files of a space's generations were read and found whole, and how they looked then.
 *
 *  Reading 0.8 GB takes longer than all the rest of a run that finds nothing changed. A file that was read whole once and
 *  has not been written since is still whole, as far as anybody above the disk can tell: every write through the file
 *  system changes its ctime, which no program can set back (mtime it can), and another file has another inode. What a
 *  failing disk changes beneath shows in neither; that is found by `library verify`, which reads everything, and by each
 *  index process, which checks its file before FAISS reads it.
 *
 *  It lies beside the generations, not in them, because a generation never changes. Whoever deletes it makes the next
 *  run read everything once.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { assertWritten, type FileRecord, replaceFile } from '../io/durable-file.ts';

const name = 'verified.json';

/** Nanoseconds as text: they pass what a number holds. */
const lookSchema = z.object({
  sha256: z.string(),
  bytes: z.int(),
  inode: z.string(),
  mtimeNs: z.string(),
  ctimeNs: z.string(),
});
const fileSchema = z.record(z.string(), lookSchema);

type Look = z.infer<typeof lookSchema>;

interface NamedFile extends FileRecord {
  readonly file: string;
}

/** Makes sure that files of a generation are the ones that were written, reading only those that may have changed.
 *
 *  @param folder the space's
 *  @param id the generation's, its folder's name
 *  @param options.deep reads every byte, whatever is remembered
 *  @throws {LeitmotifError} as assertWritten */
export async function assertWhole(
  folder: string,
  id: string,
  files: readonly NamedFile[],
  { signal, deep = false }: { readonly signal?: AbortSignal; readonly deep?: boolean } = {},
): Promise<void> {
  const remembered = deep ? {} : await read(folder);
  const looks: Record<string, Look> = {};
  let isNews = deep;
  for (const file of files) {
    const key = `${id}/${file.file}`;
    // Looked at before it is read: what is written meanwhile then looks different the next time.
    const before = await lookAt(path.join(folder, id, file.file), file.sha256);
    looks[key] = before;
    if (isEqual(before, remembered[key])) continue;
    await assertWritten(path.join(folder, id, file.file), file, signal);
    isNews = true;
  }
  if (isNews) await remember(folder, looks);
}

/** For whoever has just read them all. */
export async function rememberWhole(folder: string, id: string, files: readonly NamedFile[]): Promise<void> {
  const looks: Record<string, Look> = {};
  for (const { file, sha256 } of files) looks[`${id}/${file}`] = await lookAt(path.join(folder, id, file), sha256);
  await remember(folder, looks);
}

async function lookAt(file: string, sha256: string): Promise<Look> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return { sha256, bytes: Number(size), inode: String(ino), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) };
}

function isEqual(now: Look, then: Look | undefined): boolean {
  return then !== undefined && (Object.keys(now) as (keyof Look)[]).every((key) => now[key] === then[key]);
}

/** Anything unreadable counts as nothing remembered. */
async function read(folder: string): Promise<Record<string, Look>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path.join(folder, name), 'utf8')));
  } catch {
    return {};
  }
}

/** Only the generation that was asked for last: others are not asked for. A folder that cannot be written forgets. */
async function remember(folder: string, looks: Record<string, Look>): Promise<void> {
  await replaceFile(path.join(folder, name), `${JSON.stringify(looks, null, 1)}\n`).catch(() => {});
}
