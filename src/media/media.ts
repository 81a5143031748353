/** Work with sound and pictures that holds a thread: starting ffmpeg waits until the new process has begun, which on a
 *  busy machine takes 100 ms, and a PNG is packed in 20. Here, in whatever thread asks; media-thread.ts does the same in
 *  one of its own, for a program that answers people. */
import {
  type ClipOptions,
  type ClipOutput,
  type ClipSource,
  cutClips,
  cutMatch,
  type MatchClips,
} from '../audio/clip.ts';
import { renderSvg } from './picture.ts';

export interface SourceAndOutput {
  readonly source: ClipSource;
  readonly output: ClipOutput;
}

export interface Media {
  /** As audio/clip.ts's. */
  cutMatch(match: MatchClips, options: ClipOptions): Promise<void>;
  /** As audio/clip.ts's. */
  cutClips(clips: readonly SourceAndOutput[], options: ClipOptions): Promise<void>;
  /** As picture.ts's. */
  renderSvg(svg: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const mediaHere: Media = { cutMatch, cutClips, renderSvg, close: async () => {} };
