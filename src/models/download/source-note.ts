/** `source.json`, next to a downloaded model's manifest: the origin of each file and the source of trust. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../io/durable-file.ts';

const sourceNote = z.object({
  repository: z.string(),
  /** The requested commit or branch. */
  revision: z.string(),
  files: z.record(
    z.string(),
    z.object({
      /** The file's commit; null if unknown, as for a file put there by hand. */
      commit: z.string().nullable(),
      /** pin  pinned in this repository;  hub  checked with the hub's hash;  null  only recorded */
      voucher: z.enum(['pin', 'hub']).nullable(),
      takenAt: z.string(),
    }),
  ),
});

export type SourceNote = z.infer<typeof sourceNote>;

export const sourceNoteName = 'source.json';

/** @returns null when it is missing or unreadable, because nothing depends on it */
export async function readSourceNote(folder: string): Promise<SourceNote | null> {
  try {
    return sourceNote.parse(JSON.parse(await readFile(path.join(folder, sourceNoteName), 'utf8')));
  } catch {
    return null;
  }
}

export async function writeSourceNote(folder: string, note: SourceNote): Promise<void> {
  await replaceFile(path.join(folder, sourceNoteName), `${JSON.stringify(note, null, 2)}\n`);
}
