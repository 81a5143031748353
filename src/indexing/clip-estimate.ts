/** What storing the clips of recordings costs, before it is begun. Pure. */
import { bitrateKbps } from '../audio/clip.ts';
import type { ListedFile } from '../library/library.ts';

export interface ClipsEstimate {
  readonly files: number;
  readonly bytes: number;
}

export interface ClipsToCome {
  readonly recordings: number;
  /** Of all of them. */
  readonly audioSec: number;
  readonly windowSec: number;
}

/** Tags, the frame that tells the length, and what the encoder puts before and after. Measured: clips of 10 s have
 *  161,000 to 161,600 bytes. */
const overheadBytes = 1500;

/** A clip for each window, the tail's included, which is as long as the others. */
export function estimateClips({ recordings, audioSec, windowSec }: ClipsToCome): ClipsEstimate {
  // On average a recording's tail is half a window long, and its clip a whole one.
  const files = Math.ceil(audioSec / windowSec + recordings / 2);
  return clipsOf(files, windowSec);
}

/** What clips of known number take. */
export function clipsOf(files: number, windowSec: number): ClipsEstimate {
  return { files, bytes: files * Math.round(windowSec * (bitrateKbps / 8) * 1000 + overheadBytes) };
}

/** Bits a second, where nothing is known of a file but its name: what such files usually have. */
const usualBitrates: readonly (readonly [RegExp, number])[] = [
  [/\.(?:wav|wave|w64|aiff?|aifc|au|caf)$/i, 1_411_000],
  [/\.(?:flac|ape|wv|tta)$/i, 850_000],
  [/\.(?:mp4|m4v|mov|mkv|webm|avi|mpe?g|wmv|ogv)$/i, 1_500_000],
];
const otherBitrate = 192_000;

export function estimateAudioSec(files: readonly Pick<ListedFile, 'key' | 'sizeBytes'>[]): number {
  return files.reduce((sum, { key, sizeBytes }) => {
    const bitrate = usualBitrates.find(([pattern]) => pattern.test(key))?.[1] ?? otherBitrate;
    return sum + (sizeBytes * 8) / bitrate;
  }, 0);
}
