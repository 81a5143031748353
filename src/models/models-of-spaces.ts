/** Finds the installed models of spaces: the EMBEDDING_MODEL needed to search an existing index. */

import { LeitmotifError } from '../errors.ts';
import { installedModels } from './installed.ts';
import { spaceIdOfModel } from './manifest.ts';

/** Likely values of WINDOW_SEC. */
const likelyWindowsSec = [10, 5, 6, 7, 8, 9];

export interface SpaceMaker {
  readonly model: string;
  readonly windowSec: number;
}

/** @param dirs folders of models
 *  @param windowSec tried first
 *  @returns the models of the spaces that have one, in the order of `spaceIds` */
export async function modelsOfSpaces(
  dirs: readonly string[],
  spaceIds: readonly string[],
  windowSec: number,
): Promise<SpaceMaker[]> {
  const makers = new Map<string, SpaceMaker>();
  const installed = (await Promise.all(dirs.map((dir) => installedModels(dir, false)))).flat();
  for (const { name, model } of installed) {
    if (model instanceof LeitmotifError) continue;
    const { min, max } = model.manifest.windowSec;
    for (const window of [windowSec, ...likelyWindowsSec].filter((sec) => sec >= min && sec <= max)) {
      const spaceId = spaceIdOfModel(model, window);
      if (!makers.has(spaceId)) makers.set(spaceId, { model: name, windowSec: window });
    }
  }
  return spaceIds.flatMap((spaceId) => makers.get(spaceId) ?? []);
}
