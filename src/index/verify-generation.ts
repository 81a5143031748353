/** Verifies a generation by reading every byte of its folder. */
import path from 'node:path';
import { assertWritten } from '../io/durable-file.ts';
import { filesOf, type GenerationManifest, manifestName, readManifest } from './manifest.ts';

/** @throws {LeitmotifError} as readManifest and assertWritten, if any file was changed after it was written */
export async function verifyGeneration(folder: string): Promise<GenerationManifest> {
  const manifest = await readManifest(path.join(folder, manifestName));
  for (const file of filesOf(manifest)) await assertWritten(path.join(folder, file.file), file);
  return manifest;
}
