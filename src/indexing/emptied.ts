/** One of several libraries that is empty all of a sudden: its disk is not there, or its prefix was mistyped. */
import type { KnownTrack } from '../catalog/track-rows.ts';
import type { Library, Listed, ListedProblem } from '../library/library.ts';

export interface EmptiedOptions {
  readonly library: Pick<Library, 'prefixes'>;
  /** Believes that it is empty. */
  readonly allowEmpty: boolean;
}

/** Says of each library that had recordings and has none that what is in it is unknown, which is not the same as gone.
 *  Pure. One library alone is the run's matter: there is nothing else to index then. */
export function reportEmptiedLibraries(
  listing: readonly Listed[],
  known: ReadonlyMap<string, KnownTrack>,
  { library: { prefixes = [] }, allowEmpty }: EmptiedOptions,
): Listed[] {
  if (allowEmpty) return [...listing];
  const problems = prefixes.flatMap((prefix): ListedProblem[] => {
    if (listing.some(({ key }) => key.startsWith(prefix))) return [];
    const had = [...known.values()].filter(({ key, status }) => status === 'indexed' && key.startsWith(prefix)).length;
    if (had === 0) return [];
    const message = `Expected the ${had} recordings that it had, found none; is its disk there? If it is meant to be empty, say so (--allow-empty)`;
    return [{ type: 'problem', key: prefix, code: 'file-unreadable', message }];
  });
  return [...listing, ...problems];
}
