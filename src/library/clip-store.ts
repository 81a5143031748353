/** Port for storing the clips of chunks, in a container or a folder, so that playing a clip is one small read.
 *
 *  A clip is named by its recording's content and its own times. The content and not the track's id or key: a renamed
 *  recording keeps its clips, two names of the same bytes share them, a replaced one never plays
 *  an old clip, and a new catalog finds existing clips. The times and not the chunk's number: windows of another length
 *  get names of their own, and models with the same windows share clips.
 */
import type { LocalFile } from './library.ts';

interface ClipOptions {
  readonly signal: AbortSignal;
}

export interface ClipStore {
  /** Names the store. It holds no secrets. */
  readonly location: string;

  /** Stores a file under a name and replaces an existing one.
   *  @throws {LeitmotifError} 'library-forbidden', 'library-unavailable', 'file-unreadable', 'disk-full', 'cancelled' */
  put(name: string, path: string, options: ClipOptions): Promise<void>;

  /** A stored clip as a local file; null when it is missing.
   *  @throws as put */
  fetch(name: string, options: ClipOptions): Promise<LocalFile | null>;

  /** Names of all stored files, unordered.
   *  @throws as put */
  names(options: ClipOptions): AsyncIterable<string>;

  /** Deletes every clip of a recording.
   *  @returns number of deleted clips
   *  @throws as put */
  removeAll(contentSha256: string, options: ClipOptions): Promise<number>;
}

export interface ClipTimes {
  readonly startSec: number;
  readonly endSec: number;
}

/** 0f3a.../00090000-00100000.mp3: milliseconds, of one width, so that a listing is in their order. */
export function clipName(contentSha256: string, { startSec, endSec }: ClipTimes): string {
  const ms = (sec: number) => String(Math.round(sec * 1000)).padStart(8, '0');
  return `${contentSha256}/${ms(startSec)}-${ms(endSec)}.mp3`;
}
