/** Copies a file that came with the program into a model's folder: there, ONNX Runtime finds the weights next to the graph. */
import { copyFile } from 'node:fs/promises';
import { LeitmotifError } from '../../errors.ts';
import { withDiskFullError } from '../../io/disk-full.ts';
import { hashFile, syncFile, writeAtomically } from '../../io/durable-file.ts';
import type { TakenFile, WantedFile } from './fetch-file.ts';

/** @param from absolute path
 *  @throws {LeitmotifError} download-corrupt when the program's file is missing or changed; disk-full */
export async function copyProgramFile(from: string, wanted: Omit<WantedFile, 'url'>): Promise<TakenFile> {
  const copy = async (partial: string): Promise<TakenFile> => {
    const record = await hashFile(from).catch((error: unknown) => {
      throw damaged(from, error instanceof Error ? error.message : String(error), error);
    });
    if (record.sha256 !== wanted.sha256) throw damaged(from, `expected ${wanted.sha256}, got ${record.sha256}`);
    await withDiskFullError(partial, () => copyFile(from, partial));
    await syncFile(partial);
    return { ...record, voucher: 'pin', commit: null };
  };
  return writeAtomically(wanted.file, copy, { partial: `${wanted.file}.partial`, isDurable: true });
}

function damaged(file: string, why: string, cause?: unknown): LeitmotifError {
  return new LeitmotifError(
    'download-corrupt',
    `Cannot take ${file}, which is part of the program: ${why}; restore it from the repository`,
    { cause },
  );
}
