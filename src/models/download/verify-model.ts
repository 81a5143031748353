/** Verifies the files in a model's folder against pins and recorded hashes. */
import path from 'node:path';
import { LeitmotifError } from '../../errors.ts';
import { hashFile } from '../../io/durable-file.ts';
import type { DownloadableModel } from '../downloadable.ts';
import type { InstalledModel } from '../installed.ts';
import type { ModelFile } from '../manifest.ts';
import { downloadedFilesOf, filesOfManifest, nameOf } from './model-files.ts';
import { readSourceNote } from './source-note.ts';

/** pinned  equals the pin in this repository;  hub  equals the hub's hash at the download;
 *  recorded  equals the hash recorded at the download, without a source of trust;  missing, damaged  unusable */
export type FileState =
  | { readonly kind: 'pinned' | 'hub' | 'recorded' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly expected: string; readonly got: string };

export interface CheckedModelFile {
  readonly file: string;
  readonly state: FileState;
}

/** Reads every byte.
 *  @param known the entry of the catalogue, if any
 *  @throws {LeitmotifError} config-invalid when the manifest cannot be used */
export async function verifyModel(
  { folder, isShipped, model }: InstalledModel,
  known: DownloadableModel | undefined,
): Promise<CheckedModelFile[]> {
  if (model instanceof LeitmotifError) throw model;
  const pins = new Map(
    (known && !isShipped ? downloadedFilesOf(known, { text: true, half: true }) : []).map((file) => [
      nameOf(file),
      file.sha256,
    ]),
  );
  const note = await readSourceNote(folder);
  const checked: CheckedModelFile[] = [];
  for (const file of filesOfManifest(model.manifest)) {
    const pin = isShipped ? file.sha256 : (pins.get(file.file) ?? null);
    const good = pin !== null ? 'pinned' : note?.files[file.file]?.voucher === 'hub' ? 'hub' : 'recorded';
    checked.push({ file: file.file, state: await stateOf(folder, file, pin ?? file.sha256, good) });
  }
  return checked;
}

async function stateOf(
  folder: string,
  { file, sha256: described }: ModelFile,
  expected: string,
  good: 'pinned' | 'hub' | 'recorded',
): Promise<FileState> {
  // With a manifest that differs from the pin, the worker would refuse the right file.
  if (described !== expected) return { kind: 'damaged', expected, got: described };
  try {
    const { sha256 } = await hashFile(path.join(folder, file));
    return sha256 === expected ? { kind: good } : { kind: 'damaged', expected, got: sha256 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' };
    throw new LeitmotifError('file-unreadable', `Cannot read ${path.join(folder, file)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
