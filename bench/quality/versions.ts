/** The quartets: each piece in three recordings that differ in tempo, instruments, hall and key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LabelledPassage } from './library.ts';

const pieceList = z.object({
  pieces: z.array(z.object({ pieceId: z.string(), recordings: z.array(z.object({ file: z.string() })) })),
});

export interface VersionRecording {
  readonly path: string;
  readonly pieceId: string;
}

export async function readVersions(benchDir: string): Promise<VersionRecording[]> {
  const { pieces } = pieceList.parse(JSON.parse(await readFile(join(benchDir, 'versions.json'), 'utf8')));
  return pieces.flatMap(({ pieceId, recordings }) =>
    recordings.map(({ file }) => ({ path: join(benchDir, file), pieceId })),
  );
}

/** Each recording is a passage; the other recordings of its piece are right answers. */
export async function versionPassages(benchDir: string): Promise<LabelledPassage[]> {
  return (await readVersions(benchDir)).map(({ path, pieceId }) => ({ path, name: path, label: pieceId }));
}
