/** Renders the match picture to PNG. The only user of resvg, which draws in its own thread. */
import { createRequire } from 'node:module';
import { renderAsync } from '@resvg/resvg-js';
import type { Answer, Result } from '../query/answer.ts';
import type { Media } from './media.ts';
import { pictureSvg } from './picture-svg.ts';
import type { PictureWords } from './picture-words.ts';

/** The font is a dependency, because servers often have none and letters would be missing. */
const require = createRequire(import.meta.url);
const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
);

const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' };

/** @param words texts in the language of the picture; default English
 *  @param results a lane each; default the first ten
 *  @returns a PNG, 1080 pixels wide, after some 0.2 s */
export function renderPicture(
  answer: Answer,
  {
    words,
    results,
    media,
  }: { words?: PictureWords; results?: readonly Result[] | undefined; media?: Pick<Media, 'renderSvg'> } = {},
): Promise<Uint8Array> {
  return (media ?? { renderSvg }).renderSvg(pictureSvg(answer, words, results));
}

/** Cannot be cancelled: resvg accepts a signal, but each signal only once. */
export async function renderSvg(svg: string): Promise<Uint8Array> {
  const image = await renderAsync(svg, { font });
  return image.asPng();
}
