/** A track of the library as a query: its stored vectors are the query's, since indexing and queries embed by the same code. */
import type { Catalog } from '../catalog/catalog.ts';
import type { EmbeddedRecording, Track } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

export interface LibraryRecording {
  readonly track: Track;
  readonly recording: EmbeddedRecording;
  /** Lower-case hex. */
  readonly contentSha256: string;
}

/** @throws {LeitmotifError} 'track-unknown' for a track that is not in the library, or not in this space */
export function libraryRecording(catalog: Catalog, spaceId: string, trackId: number): LibraryRecording {
  const track = catalog.tracks.live([trackId]).has(trackId) ? catalog.tracks.byIds([trackId]).get(trackId) : undefined;
  const contentSha256 = catalog.tracks.contentSha256Of(trackId);
  const recording = track === undefined ? null : catalog.evidence.recordingOf(spaceId, trackId);
  if (!track || !recording || contentSha256 === null)
    throw new LeitmotifError('track-unknown', `Cannot query with track ${trackId}: it is no longer in the library`);
  return { track, recording, contentSha256 };
}
