/** `source.json`, beside a downloaded model's manifest: where each file is from, and who vouched for it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../io/durable-file.ts';

const sourceNote = z.object({
  repository: z.string(),
  /** As asked for: a commit or a branch. */
  revision: z.string(),
  files: z.record(
    z.string(),
    z.object({
      /** The commit that it was; null where nobody said, as for a file put here by hand. */
      commit: z.string().nullable(),
      /** pin  this repository names its hash;  hub  the hub did, when it was downloaded;  null  nobody: only recorded */
      voucher: z.enum(['pin', 'hub']).nullable(),
      takenAt: z.string(),
    }),
  ),
});

export type SourceNote = z.infer<typeof sourceNote>;

export const sourceNoteName = 'source.json';

/** @returns null when there is none that can be read: nothing depends on it */
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
