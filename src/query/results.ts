/** From ranked tracks to the results of an answer: duplicates merged, artists limited, evidence judged. */
import type { Catalog } from '../catalog/catalog.ts';
import type { RankedTrack, Track } from '../domain.ts';
import { withStep } from '../ranking/alignment.ts';
import type { Result } from './answer.ts';
import { type DuplicateFinder, mergeDuplicates } from './duplicates.ts';
import type { QueryRequest } from './query-request.ts';
import { withTracks } from './rank-pieces.ts';

export interface ResultsOptions {
  readonly duplicates: DuplicateFinder;
  /** Id of a ranked track -> ids of its duplicates that are known already; best ranked first. */
  readonly alsoAs: ReadonlyMap<number, readonly number[]>;
  readonly catalog: Catalog;
  readonly request: Pick<QueryRequest, 'resultsMax' | 'excludedTracks' | 'perArtistMax'>;
  /** Adds the match to each of the tracks that are shown. */
  readonly withMatches: (shown: readonly RankedTrack[]) => readonly RankedTrack[];
}

/** Merges duplicates into one result, so that they neither displace others nor count towards `perArtistMax`.
 *  @param ranked best first */
export async function resultsOf(
  ranked: readonly RankedTrack[],
  { duplicates, alsoAs, catalog, request, withMatches }: ResultsOptions,
): Promise<Result[]> {
  const { resultsMax, excludedTracks, perArtistMax = Number.POSITIVE_INFINITY } = request;
  const ofArtist = new Map<string, number>();
  const mayShow = ({ artist }: Track) => isWithinArtistLimit(artist, ofArtist, perArtistMax);
  const merged = await mergeDuplicates(withTracks(ranked, catalog), duplicates, { max: resultsMax, mayShow });
  const shown = merged.map(({ evidence }) => evidence);
  const matched = withMatches(shown);
  return merged.map(({ track, alsoAs: others }, position) => {
    const { trackId: _, ...evidence } = withStep(matched[position] as RankedTrack);
    const names = namesOf(track, [...(alsoAs.get(track.id) ?? []), ...others.map(({ id }) => id)], catalog);
    const known = names.filter(({ id }) => !excludedTracks?.has(id));
    return { rank: position + 1, ...evidence, track, ...(known.length > 0 ? { alsoAs: known } : {}) };
  });
}

/** The recording's duplicates: those found, best ranked first, then tracks of equal bytes that were not among the
 *  neighbours. */
function namesOf(track: Track, found: readonly number[], catalog: Catalog): Track[] {
  const ids = new Set([...found, ...catalog.tracks.withContentOf([track.id, ...found])]);
  ids.delete(track.id);
  const tracks = catalog.tracks.byIds(ids);
  return [...ids].flatMap((id) => tracks.get(id) ?? []);
}

/** Counts the artist's results. Tracks without an artist are never limited. */
function isWithinArtistLimit(artist: string | null, ofArtist: Map<string, number>, max: number): boolean {
  if (artist === null) return true;
  const name = artist.trim().toLowerCase();
  const count = (ofArtist.get(name) ?? 0) + 1;
  ofArtist.set(name, count);
  return count <= max;
}
