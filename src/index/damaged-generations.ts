/** Finds generations that are not what was written, reading every byte of each that CURRENT names. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { readCurrent, removeCurrent, writeCurrent } from './generation-folder.ts';
import { readWholeGeneration } from './whole-generation.ts';

export interface DamagedGeneration {
  readonly id: string;
  readonly why: string;
}

/** Takes the damaged ones out of CURRENT and removes them; the next whole one answers. Only for whoever holds the index's
 *  lock.
 *  @param folder a space's; one without CURRENT, or with a CURRENT that names nothing, has none
 *  @returns those that went */
export async function removeDamaged(folder: string): Promise<DamagedGeneration[]> {
  const ids = await readCurrent(folder).catch(() => [] as string[]);
  const damaged: DamagedGeneration[] = [];
  for (const id of ids) {
    const why = await whatIsWrong(path.join(folder, id));
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

async function whatIsWrong(folder: string): Promise<string | null> {
  try {
    await readWholeGeneration(folder);
    return null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return (error as Error).message;
  }
}
