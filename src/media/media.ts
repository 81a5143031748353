/** Port of media work: in the calling thread (inline-media.ts) or in a separate thread (media-thread.ts). */
import type { ClipOptions, ClipOutput, ClipSource, MatchClips } from '../audio/clip.ts';

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
