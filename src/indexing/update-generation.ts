/** A new generation, when the current one is of other content than the catalog, or is none at all. */
import type { Catalog } from '../catalog/catalog.ts';
import type { GenerationStore } from './generation-store.ts';
import { IndexLock } from './lock.ts';

export interface GenerationUpdate {
  readonly catalog: Catalog;
  readonly generations: GenerationStore;
  readonly spaceId: string;
  /** Lets silence, applause and noise into the index. */
  readonly includeNonMusic?: boolean;
  readonly signal: AbortSignal;
}

/** unchanged  the current one is up to date and whole;  empty  there is nothing to put in one, so the current one stays,
 *  and what it still names is no longer live */
export type GenerationOutcome =
  | { readonly kind: 'written'; readonly id: string; readonly rows: number }
  | { readonly kind: 'unchanged' | 'empty' };

/** Only for whoever holds the index's lock.
 *  @throws {LeitmotifError} 'disk-full', 'cancelled'; the current generation is then what it was */
export async function updateGeneration(update: GenerationUpdate): Promise<GenerationOutcome> {
  const { catalog, generations, spaceId, signal } = update;
  const includeNonMusic = update.includeNonMusic ?? false;
  if (await isUpToDate(update, includeNonMusic)) return { kind: 'unchanged' };
  using snapshot = catalog.snapshot(spaceId, { includeNonMusic });
  const rowCount = snapshot.countRows();
  if (rowCount === 0) return { kind: 'empty' };
  const { dimensions, content } = snapshot;
  const id = await generations.write(
    { spaceId, dimensions, rowCount, rows: snapshot.rows(), includeNonMusic },
    { signal },
  );
  catalog.spaces.setBuilt(spaceId, id, content);
  return { kind: 'written', id, rows: rowCount };
}

/** The catalog remembers what it built; the folder tells whether that is still there, whole, and the one that answers. */
async function isUpToDate({ catalog, generations, spaceId }: GenerationUpdate, includeNonMusic: boolean) {
  const built = catalog.spaces.get(spaceId)?.built ?? null;
  if (built === null || built.content !== catalog.contentOf(spaceId, { includeNonMusic })) return false;
  return (await generations.current(spaceId)) === built.generationId;
}

/** The same by itself: for an index that was deleted or damaged, without looking at the library.
 *  @throws {LeitmotifError} 'index-locked' when an index run is under way, which does it too at its end */
export async function rebuildGeneration(update: GenerationUpdate & { lockPath: string }): Promise<GenerationOutcome> {
  using _lock = new IndexLock(update.lockPath);
  return await updateGeneration(update);
}
