/** A new generation, when the current one is of other content than the catalog, or is none at all. */
import type { Catalog } from '../catalog/catalog.ts';
import type { CurrentGeneration, GenerationStore } from './generation-store.ts';
import { IndexLock } from './lock.ts';

export interface GenerationUpdate {
  readonly catalog: Catalog;
  readonly generations: GenerationStore;
  readonly spaceId: string;
  /** Lets silence, applause and noise into the index. */
  readonly includeNonMusic?: boolean;
  readonly signal: AbortSignal;
}

/** unchanged  the current one is up to date and whole;
 *  held       somebody rolled back to an earlier one, and nothing has changed since the later one was built: it stays;
 *  empty      there is nothing to put in one, so the current one stays, and what it still names is no longer live;
 *  written    `endsRollBackTo`: the one that somebody had rolled back to */
export type GenerationOutcome =
  | { readonly kind: 'written'; readonly id: string; readonly rows: number; readonly endsRollBackTo?: string }
  | { readonly kind: 'held'; readonly id: string }
  | { readonly kind: 'unchanged' | 'empty' };

/** Only for whoever holds the index's lock.
 *  @param deep reads every byte of the current generation, not only what may have changed since it was read last
 *  @throws {LeitmotifError} 'disk-full', 'cancelled'; the current generation is then what it was */
export async function updateGeneration(update: GenerationUpdate, deep = false): Promise<GenerationOutcome> {
  const { catalog, generations, spaceId, signal } = update;
  const includeNonMusic = update.includeNonMusic ?? false;
  const built = catalog.spaces.get(spaceId)?.built ?? null;
  const isSame = built !== null && built.content === catalog.contentOf(spaceId, { includeNonMusic });
  // One that will be replaced is not worth reading.
  const current = await generations.current(spaceId, { signal, deep: deep && isSame });
  const rolledBackTo = built && current && isRolledBack(current, built.generationId) ? current.id : null;
  if (isSame && rolledBackTo !== null) return { kind: 'held', id: rolledBackTo };
  if (isSame && current?.id === built.generationId) return { kind: 'unchanged' };
  using snapshot = catalog.snapshot(spaceId, { includeNonMusic });
  const rowCount = snapshot.countRows();
  if (rowCount === 0) return { kind: 'empty' };
  const { dimensions, content } = snapshot;
  const id = await generations.write(
    { spaceId, dimensions, rowCount, rows: snapshot.rows(), includeNonMusic },
    { signal },
  );
  catalog.spaces.setBuilt(spaceId, id, content);
  return { kind: 'written', id, rows: rowCount, ...(rolledBackTo === null ? {} : { endsRollBackTo: rolledBackTo }) };
}

/** The catalog remembers what it built last; where another answers and that one is kept behind it, somebody chose so. */
function isRolledBack(current: CurrentGeneration, builtId: string): boolean {
  return current.id !== builtId && current.others.includes(builtId);
}

/** The same by itself: for an index that was deleted or damaged, without looking at the library. Reads every byte.
 *  @throws {LeitmotifError} 'index-locked' when an index run is under way, which does it too at its end */
export async function rebuildGeneration(update: GenerationUpdate & { lockPath: string }): Promise<GenerationOutcome> {
  using _lock = new IndexLock(update.lockPath);
  return await updateGeneration(update, true);
}
