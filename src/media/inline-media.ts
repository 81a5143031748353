/** Media work in the calling thread. It blocks: starting a process takes 100 ms on a busy machine, and encoding a PNG takes
 *  20 ms. Interactive programs use media-thread.ts. */
import { cutClips, cutMatch } from '../audio/clip.ts';
import type { Media } from './media.ts';
import { renderSvg } from './picture.ts';

export const inlineMedia: Media = { cutMatch, cutClips, renderSvg, close: async () => {} };
