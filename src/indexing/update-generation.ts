/** Builds a new generation when the current one is missing or differs from the catalog. */
import type { Catalog } from '../catalog/catalog.ts';
import { rowsIn } from '../index/delta-plan.ts';
import type { CurrentGeneration, GenerationStore } from './generation-store.ts';
import { IndexLock } from './lock.ts';

export interface GenerationUpdate {
  readonly catalog: Catalog;
  readonly generations: GenerationStore;
  readonly spaceId: string;
  /** Includes silence, applause and noise in the index. */
  readonly includeNonMusic?: boolean;
  readonly signal: AbortSignal;
}

/** unchanged  the current one is up to date and intact;
 *  held       a user rolled back to an earlier one and the catalog is unchanged since: the earlier one stays;
 *  empty      there are no rows, so the current one stays, although its tracks are no longer live;
 *  written    `endsRollBackTo`: the generation that a user had rolled back to */
export type GenerationOutcome =
  | {
      readonly kind: 'written';
      readonly id: string;
      readonly rows: number;
      readonly endsRollBackTo?: string | undefined;
    }
  | { readonly kind: 'held'; readonly id: string }
  | { readonly kind: 'unchanged' | 'empty' };

/** The caller holds the index lock.
 *  @param deep reads every byte of the current generation, not only files that may have changed since the last read
 *  @throws {LeitmotifError} 'disk-full', 'cancelled'; the current generation is then unchanged */
export async function updateGeneration(update: GenerationUpdate, deep = false): Promise<GenerationOutcome> {
  const { catalog, generations, spaceId, signal } = update;
  const includeNonMusic = update.includeNonMusic ?? false;
  const built = catalog.spaces.get(spaceId)?.built ?? null;
  const isSame = built !== null && built.content === catalog.contentOf(spaceId, { includeNonMusic });
  const current = await generations.current(spaceId, { signal, deep });
  const rolledBackTo = built && current && isRolledBack(current, built.generationId) ? current.id : null;
  if (isSame && rolledBackTo !== null) return { kind: 'held', id: rolledBackTo };
  if (isSame && current?.id === built.generationId && !current.isForeign) return { kind: 'unchanged' };
  using snapshot = catalog.snapshot(spaceId, { includeNonMusic });
  const tracks = snapshot.tracks();
  if (tracks.length === 0) return { kind: 'empty' };
  const { dimensions, content } = snapshot;
  const rows = (trackIds?: readonly number[]) => snapshot.rows(trackIds);
  const id = await generations.write(
    {
      spaceId,
      dimensions,
      tracks,
      rows,
      includeNonMusic,
      currentId: current === null || current.isForeign ? null : current.id,
    },
    { signal },
  );
  catalog.spaces.setBuilt(spaceId, id, content);
  return { kind: 'written', id, rows: rowsIn(tracks), endsRollBackTo: rolledBackTo ?? undefined };
}

/** The catalog records the last built generation. When another one is current and that one is still stored, a user rolled
 *  back. */
function isRolledBack(current: CurrentGeneration, builtId: string): boolean {
  return current.id !== builtId && current.others.includes(builtId);
}

/** Rebuilds a deleted or damaged index without scanning the library. Takes the lock and reads every byte.
 *  @throws {LeitmotifError} 'index-locked' during an index run, which updates the generation at its end */
export async function rebuildGeneration(update: GenerationUpdate & { lockPath: string }): Promise<GenerationOutcome> {
  using _lock = new IndexLock(update.lockPath);
  return await updateGeneration(update, true);
}
