/** Marks clusters as not music or lifts a mark, and updates the index. Both hold the index lock. */
import { nearestCentre } from '../../catalog/marked-regions.ts';
import type { Mark } from '../../catalog/marks.ts';
import { LeitmotifError } from '../../errors.ts';
import { IndexLock } from '../lock.ts';
import { type GenerationUpdate, updateGeneration } from '../update-generation.ts';
import { clusteringName } from './cluster-names.ts';

export interface MarkUpdate extends GenerationUpdate {
  readonly lockPath: string;
}

export interface MarkOptions {
  /** The clustering that was shown; unset: the last one. @see clusteringName */
  readonly clustering?: string;
  /** Who marks, for the mark's note. */
  readonly by?: string;
}

/** Marks some of the clusters that were last shown. A kill between the marks and the new generation loses nothing: the
 *  generation is then out of date, and the next index run or `library verify` builds it.
 *
 *  @param clusterIds ids as shown, from 1
 *  @throws {LeitmotifError} 'bad-request' for a cluster that was not shown or is empty now, for another clustering than the last
 *    one, or when no music would be left; then nothing is marked. 'index-locked' during an index run; as updateGeneration */
export async function markClusters(
  update: MarkUpdate,
  clusterIds: readonly number[],
  { clustering, by }: MarkOptions = {},
): Promise<Mark[]> {
  const { catalog, spaceId } = update;
  using _lock = takeLock(update.lockPath);
  if (clustering !== undefined) requireClustering(update, clustering);
  const regions = clusterIds.map((id) => regionOf(update, id));
  const marks: Mark[] = [];
  try {
    for (const { id, region, chunks } of regions) {
      const note = `cluster ${id}, ${chunks} chunks${by === undefined ? '' : `, by ${by}`}`;
      marks.push(catalog.marks.add(spaceId, region, note));
    }
    if ((await updateGeneration(update)).kind === 'empty') {
      throw new LeitmotifError('bad-request', 'Cannot mark all of it: no music would be left in the index');
    }
  } catch (error) {
    for (const { id } of marks) catalog.marks.remove(spaceId, id);
    throw error;
  }
  return marks;
}

/** @throws {LeitmotifError} 'bad-request' when there is no such mark, 'index-locked'; as updateGeneration */
export async function liftMark(update: MarkUpdate, markId: number): Promise<Mark> {
  using _lock = takeLock(update.lockPath);
  const mark = update.catalog.marks.remove(update.spaceId, markId);
  await updateGeneration(update);
  return mark;
}

/** Tolerance for later chunks beyond the farthest chunk now: the copies of one jingle differ only by rounding. */
const slack = 0.02;

/** @throws {LeitmotifError} 'bad-request' when the library was clustered again since */
export function requireClustering({ catalog, spaceId }: Pick<MarkUpdate, 'catalog' | 'spaceId'>, name: string): void {
  const centres = catalog.marks.lastClustering(spaceId);
  if (centres !== null && clusteringName(centres) === name) return;
  throw new LeitmotifError('bad-request', 'Cannot mark a cluster of an earlier clustering: look at the clusters again');
}

function regionOf({ catalog, spaceId, signal }: MarkUpdate, id: number) {
  const centres = catalog.marks.lastClustering(spaceId);
  const count = (centres?.length ?? 0) / (catalog.spaces.get(spaceId)?.dimensions ?? 1);
  if (centres === null || id > count) {
    const known = centres === null ? 'none was shown yet' : `${count} were shown`;
    throw new LeitmotifError(
      'bad-request',
      `Cannot mark cluster ${id}: ${known}; npm run library -- clusters shows what there is`,
    );
  }
  const centre = id - 1;
  let chunks = 0;
  let minSimilarity = Number.POSITIVE_INFINITY;
  for (const { vector } of catalog.liveChunks.rows(spaceId)) {
    signal.throwIfAborted();
    const nearest = nearestCentre(centres, vector);
    if (nearest.centre !== centre) continue;
    chunks += 1;
    minSimilarity = Math.min(minSimilarity, nearest.similarity);
  }
  if (chunks === 0) {
    throw new LeitmotifError('bad-request', `Cannot mark cluster ${id}: it holds nothing any more; look again`);
  }
  return { id, chunks, region: { centres, centre, minSimilarity: minSimilarity - slack } };
}

function takeLock(lockPath: string): IndexLock {
  try {
    return new IndexLock(lockPath);
  } catch (error) {
    if (!(error instanceof LeitmotifError) || error.code !== 'index-locked') throw error;
    const message = `Cannot change marks while the library is being indexed. ${error.message}; try again when it is done`;
    throw new LeitmotifError('index-locked', message, { cause: error });
  }
}
