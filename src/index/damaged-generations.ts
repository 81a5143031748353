/** Finds damaged generations: reads every byte of each generation that CURRENT names, and checks vectors in a server. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import type { IndexEngines } from './engine.ts';
import { engineFor } from './generation.ts';
import { readCurrent, removeCurrent, writeCurrent } from './generation-folder.ts';
import { verifyGeneration } from './verify-generation.ts';

export interface DamagedGeneration {
  readonly id: string;
  readonly why: string;
}

/** Removes damaged generations from CURRENT and from the disk; the next intact one answers. The caller must hold the
 *  index's lock.
 *  @param folder of a space; a folder without a readable CURRENT has no generations
 *  @returns the removed generations
 *  @throws {LeitmotifError} `index-unavailable` when a server with vectors does not answer: they may be intact */
export async function removeDamaged(folder: string, engines?: IndexEngines): Promise<DamagedGeneration[]> {
  const ids = await readCurrent(folder).catch(() => [] as string[]);
  const damaged: DamagedGeneration[] = [];
  for (const id of ids) {
    const why = await describeFault(path.join(folder, id), engines);
    if (why !== null) damaged.push({ id, why });
  }
  if (damaged.length === 0) return [];
  const gone = new Set(damaged.map(({ id }) => id));
  const whole = ids.filter((id) => !gone.has(id));
  if (whole.length > 0) await writeCurrent(folder, whole);
  else await removeCurrent(folder);
  for (const id of gone) await rm(path.join(folder, id), { recursive: true, force: true });
  return damaged;
}

async function describeFault(folder: string, engines?: IndexEngines): Promise<string | null> {
  try {
    const manifest = await verifyGeneration(folder);
    await engineFor(manifest, engines).check(manifest, folder);
    return null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    if (error instanceof LeitmotifError && error.code === 'index-unavailable') throw error;
    // The vectors are in a server that this program does not know.
    if (error instanceof LeitmotifError && error.code === 'config-invalid') return null;
    return (error as Error).message;
  }
}
