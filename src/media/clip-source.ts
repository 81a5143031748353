/** Finds the sound of a track's moment: the stored clip of its chunk, or a part of the recording. */
import type { ClipSource } from '../audio/clip.ts';
import { type AudioInput, plainInput } from '../audio/input.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Hit } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { type ClipStore, clipName } from '../library/clip-store.ts';
import type { Library } from '../library/library.ts';
import type { Answer, Result } from '../query/answer.ts';
import { momentInTrack } from '../query/answer-facts.ts';

export interface SoundParts {
  readonly catalog: Catalog;
  readonly library: Library | null;
  /** Store of the chunks' clips; null when none are stored. */
  readonly clipStore?: ClipStore | null;
}

export interface TrackSound {
  readonly hit: Hit;
  /** Position in the recording. */
  readonly startSec: number;
  readonly source: ClipSource;
  /** The stored clip, with gain and fades applied. */
  readonly storedClip: string | null;
  readonly overLoopback: boolean;
}

export interface SoundOptions {
  readonly signal: AbortSignal;
  /** Fetches the whole recording, also a remote one. */
  readonly whole?: boolean;
}

/** Level assumed for a window of unknown level: that of clips. */
export const unknownLoudnessDb = -20;

/** @param held keeps opened files open until it is disposed of
 *  @throws {LeitmotifError} 'file-unreadable', or as the library does */
export async function trackSound(
  answer: Answer,
  result: Result,
  parts: SoundParts,
  options: SoundOptions,
  held: AsyncDisposableStack,
): Promise<TrackSound> {
  const hit = result.hits[0];
  if (!hit) throw new RangeError('Cannot cut clips: expected a result with a hit');
  const startSec = momentInTrack(answer, result, hit);
  const stored = options.whole ? null : await storedClipOf(result, hit, startSec, parts, options);
  if (stored) {
    held.use(stored);
    const source = { path: stored.path, startSec: 0, durationSec: hit.durationSec, loudnessDb: unknownLoudnessDb };
    return { hit, startSec, source, storedClip: stored.path, overLoopback: false };
  }
  const input = held.use(await open(result, parts, options));
  const loudnessDb = parts.catalog.evidence.loudnessAt(answer.spaceId, result.track.id, startSec) ?? unknownLoudnessDb;
  const source = { ...plainInput(input), startSec, durationSec: hit.durationSec, loudnessDb };
  return { hit, startSec, source, storedClip: null, overLoopback: source.overLoopback };
}

function open({ track }: Result, { library }: SoundParts, { signal, whole = false }: SoundOptions) {
  if (!library) throw new LeitmotifError('file-unreadable', 'Cannot cut clips: the library is not known');
  const opened: Promise<AudioInput & AsyncDisposable> = whole
    ? library.localFile(track.key, { signal })
    : library.seekable(track.key, { signal });
  return opened;
}

/** When the clip store fails, the recording is used. */
async function storedClipOf(
  { track }: Result,
  hit: Hit,
  startSec: number,
  { catalog, clipStore }: SoundParts,
  { signal }: SoundOptions,
) {
  // Only chunks have clips, not other moments.
  if (!clipStore || startSec !== hit.trackStartSec) return null;
  const contentSha256 = catalog.tracks.contentSha256Of(track.id);
  if (contentSha256 === null) return null;
  try {
    return await clipStore.fetch(clipName(contentSha256, { startSec, endSec: startSec + hit.durationSec }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LeitmotifError) return null;
    throw error;
  }
}

/** Whether a retry with the whole recording may succeed: ffmpeg could not read it in parts. */
export function isRetryableWithWholeFile(error: unknown): boolean {
  return error instanceof LeitmotifError && (error.code.startsWith('audio-') || error.code === 'decode-failed');
}
