/** A generation as it lies in its folder, every byte of it read. */
import path from 'node:path';
import { assertWritten } from '../io/durable-file.ts';
import { filesOf, type GenerationManifest, manifestName, readManifest } from './manifest.ts';

/** @throws {LeitmotifError} as readManifest and assertWritten, when anything about it is not what was written */
export async function readWholeGeneration(folder: string): Promise<GenerationManifest> {
  const manifest = await readManifest(path.join(folder, manifestName));
  for (const file of filesOf(manifest)) await assertWritten(path.join(folder, file.file), file);
  return manifest;
}
