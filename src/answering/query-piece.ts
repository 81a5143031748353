/** The library track of a query, to cut clips from it. */
import { stat } from 'node:fs/promises';
import type { SeekableFile } from '../library/library.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';
import type { Services } from '../services/services.ts';

type RequestedSource = Pick<StoredAnswer, 'source'>;

export function isQueryTrackRemoved({ source }: RequestedSource, { catalog }: Pick<Services, 'catalog'>): boolean {
  return source.kind === 'piece' && catalog.tracks.live([source.trackId]).size === 0;
}

/** @returns null when the query was no library track, or when its file is not available */
export async function queryTrackFile(
  { source }: RequestedSource,
  services: Pick<Services, 'catalog' | 'libraries'>,
  signal: AbortSignal,
): Promise<SeekableFile | null> {
  if (source.kind !== 'piece' || isQueryTrackRemoved({ source }, services)) return null;
  const track = services.catalog.tracks.byIds([source.trackId]).get(source.trackId);
  try {
    const file = track ? await services.libraries.current()?.seekable(track.key, { signal }) : null;
    // A folder library returns a path without checking that the file exists.
    return file && (file.overLoopback || (await stat(file.path)).isFile()) ? file : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
