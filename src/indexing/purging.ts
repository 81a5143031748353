/** Lets go of the vectors of what was removed long ago. Until then a file that comes back costs nothing. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';

/** A track of hours has thousands of rows; so many tracks keep other writers waiting for a tenth of a second or two. */
const tracksAtOnce = 50;

export interface PurgeOptions {
  readonly catalog: Catalog;
  /** How long after its removal a track keeps its vectors. */
  readonly keptMs: number;
  readonly signal: AbortSignal;
}

/** @returns how many tracks were purged
 *  @throws the signal's reason; what is purged by then stays so */
export async function purgeRemoved({ catalog, keptMs, signal }: PurgeOptions): Promise<number> {
  const beforeMs = catalog.nowMs() - keptMs;
  for (let purged = 0; ; ) {
    signal.throwIfAborted();
    const count = catalog.removals.purge(beforeMs, tracksAtOnce);
    purged += count;
    if (count < tracksAtOnce) return purged;
    await nextTurn();
  }
}
