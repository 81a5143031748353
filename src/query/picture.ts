/** Renders the match picture to PNG. The only user of resvg; it draws in a thread of its own. */
import { createRequire } from 'node:module';
import { renderAsync } from '@resvg/resvg-js';
import type { Answer, Result } from './answer.ts';
import { pictureSvg } from './picture-svg.ts';
import type { PictureWords } from './picture-words.ts';

/** The font travels with the project: a server often has none, and letters would be missing. */
const require = createRequire(import.meta.url);
const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
);

const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' };

/** @param words in whose language it speaks; English where left out
 *  @param results a lane each; where left out, the first ten
 *  @returns a PNG, 1080 pixels wide, after some 0.2 s. Not to be cancelled: resvg takes a signal, but each only once. */
export async function renderPicture(
  answer: Answer,
  words?: PictureWords,
  results?: readonly Result[],
): Promise<Buffer> {
  const image = await renderAsync(pictureSvg(answer, words, results), { font });
  return image.asPng();
}

/** Loads the renderer and its fonts, which holds the thread for some 0.2 s, while nobody waits. */
export async function warmUpPictures(): Promise<void> {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">a</text></svg>';
  (await renderAsync(svg, { font })).asPng();
}
