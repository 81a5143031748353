/** What the library page shows, as its address says it. */
import type { TrackSort } from './api/types.ts';

export interface LibrarySearch {
  readonly q?: string;
  readonly sort?: TrackSort;
  readonly order?: 'desc';
}

const sorts: readonly string[] = ['title', 'added'] satisfies TrackSort[];

/** Leaves out what is as usual, so that addresses are short. */
export function readLibrarySearch({ q, sort, order }: Record<string, unknown>): LibrarySearch {
  return {
    ...(typeof q === 'string' && q !== '' ? { q } : {}),
    ...(typeof sort === 'string' && sorts.includes(sort) && sort !== 'title' ? { sort: sort as TrackSort } : {}),
    ...(order === 'desc' ? { order } : {}),
  };
}
