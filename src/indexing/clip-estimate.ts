/** Estimates the number and size of clips before an index run stores them. Pure. */
import { bitrateKbps } from '../audio/clip.ts';
import type { ListedFile } from '../library/library.ts';

export interface ClipsEstimate {
  readonly files: number;
  readonly bytes: number;
}

export interface ClipEstimateInput {
  readonly recordings: number;
  /** Total of all recordings. */
  readonly audioSec: number;
  readonly windowSec: number;
}

/** Tags, the length frame and the encoder's padding. Measured: clips of 10 s have 161,000 to 161,600 bytes. */
const overheadBytes = 1500;

/** One clip per window. The tail counts too: its clip is as long as the others. */
export function estimateClips({ recordings, audioSec, windowSec }: ClipEstimateInput): ClipsEstimate {
  // On average a recording's tail is half a window long, and its clip a whole one.
  const files = Math.ceil(audioSec / windowSec + recordings / 2);
  return clipsOf(files, windowSec);
}

/** Size of a known number of clips. */
export function clipsOf(files: number, windowSec: number): ClipsEstimate {
  return { files, bytes: files * Math.round(windowSec * (bitrateKbps / 8) * 1000 + overheadBytes) };
}

/** Typical bit rates by file name, in bits per second, for unread files. */
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
