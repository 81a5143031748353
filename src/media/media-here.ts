/** Media work in the calling thread. It blocks: starting ffmpeg waits until the new process has begun, which takes 100 ms on
 *  a busy machine, and packing a PNG takes 20 ms. Programs that answer people use media-thread.ts. */
import { cutClips, cutMatch } from '../audio/clip.ts';
import type { Media } from './media.ts';
import { renderSvg } from './picture.ts';

export const mediaHere: Media = { cutMatch, cutClips, renderSvg, close: async () => {} };
