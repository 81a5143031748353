/** Binds a catalog to its libraries: with the keys of another library all tracks would look deleted and others added. */
import type { Catalog } from '../catalog/catalog.ts';
import { type LibraryPlace, parseLibraries, prefixOf } from '../config/library-location.ts';
import { LeitmotifError } from '../errors.ts';

export interface BindLibraryOptions {
  readonly catalog: Pick<Catalog, 'libraryLocation' | 'tracks'>;
  readonly library: { readonly location: string };
  /** Lets recordings of libraries that are no longer configured count as removed. */
  readonly replaceLibrary?: boolean;
}

/** Records the libraries of the catalog. An additional library is no replacement; a missing or relocated one is.
 *  @throws {LeitmotifError} 'config-invalid' when recordings would count as removed without `replaceLibrary` */
export function bindLibrary({ catalog, library, replaceLibrary = false }: BindLibraryOptions): void {
  const before = catalog.libraryLocation;
  if (before === library.location) return;
  if (before !== null && !replaceLibrary) assertNoLoss(before, library.location, catalog.tracks);
  catalog.libraryLocation = library.location;
}

function assertNoLoss(before: string, after: string, tracks: Pick<Catalog['tracks'], 'countBelow'>): void {
  const kept = placesOf(after);
  const lost = placesOf(before)
    .filter((place) => !kept.some(({ name, location }) => name === place.name && location === place.location))
    .map((place) => ({ ...place, indexed: tracks.countBelow(prefixOf(place)) }))
    .filter(({ indexed }) => indexed > 0);
  if (lost.length === 0) return;
  if (lost.some(({ name }) => name === null)) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot index ${after}: this catalog holds ${before}; give each library an index folder of its own ` +
        '(INDEX_DIR), or replace this one (--replace-library)',
    );
  }
  const words = lost.map(({ name, location, indexed }) => `${indexed} of ${name} (${location})`).join(', ');
  throw new LeitmotifError(
    'config-invalid',
    `Cannot index ${after}: recordings that this catalog holds would count as removed: ${words}. ` +
      'Name their library as before (LIBRARY), or say that they may go (--replace-library)',
  );
}

/** An old catalog may hold a location that is no longer valid; it counts as a single place. */
function placesOf(location: string): LibraryPlace[] {
  try {
    return parseLibraries(location);
  } catch {
    return [{ name: null, location }];
  }
}
