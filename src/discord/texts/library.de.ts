/** What the bot says about the library and itself, in German. */
import type { LibraryTexts } from './texts.ts';

export const libraryDe: LibraryTexts = {};
