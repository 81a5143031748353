/** The library tracks of a query, to cut clips from them. */
import { stat } from 'node:fs/promises';
import type { Hit } from '../domain.ts';
import type { SeekableFile } from '../library/library.ts';
import { plusTrackAt } from '../query/answer.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';
import type { Services } from '../services/services.ts';

type RequestedSource = Pick<StoredAnswer, 'source'>;

/** Whether a track that is heard as "yours" was removed. */
export function isQueryTrackRemoved({ source }: RequestedSource, { catalog }: Pick<Services, 'catalog'>): boolean {
  const ids = source.kind === 'piece' ? [source.trackId] : source.kind === 'pieces' ? source.plus : [];
  return catalog.tracks.live(ids).size < new Set(ids).size;
}

/** @param hit the moment to be heard: of a query with several tracks, it names one of them
 *  @returns null when the query was no library track, or when its file is not available */
export async function queryTrackFile(
  { source, answer }: Pick<StoredAnswer, 'source' | 'answer'>,
  hit: Hit | undefined,
  services: Pick<Services, 'catalog' | 'libraries'>,
  signal: AbortSignal,
): Promise<SeekableFile | null> {
  if (source.kind !== 'piece' && source.kind !== 'pieces') return null;
  if (isQueryTrackRemoved({ source }, services)) return null;
  const trackId =
    source.kind === 'piece' ? source.trackId : plusTrackAt(answer.query, hit?.queryStartSec ?? 0)?.track.trackId;
  const track = trackId === undefined ? undefined : services.catalog.tracks.byIds([trackId]).get(trackId);
  try {
    const file = track ? await services.libraries.current()?.seekable(track.key, { signal }) : null;
    // A folder library returns a path without checking that the file exists.
    return file && (file.overLoopback || (await stat(file.path)).isFile()) ? file : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
