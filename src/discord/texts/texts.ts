/** All texts of the bot, by locale. English defines the type, so the compiler checks that other languages are complete. */
import { libraryDe } from './library.de.ts';
import { type LibraryTexts, libraryEn } from './library.en.ts';
import { queryDe } from './query.de.ts';
import { type QueryTexts, queryEn } from './query.en.ts';

export interface Texts {
  readonly query: QueryTexts;
  readonly library: LibraryTexts;
}

const english: Texts = { query: queryEn, library: libraryEn };
const german: Texts = { query: queryDe, library: libraryDe };

/** Languages other than English, by Discord's locale names. */
export const translations: Readonly<Record<string, Texts>> = { de: german };

/** @param locale Discord's locale name; English for null and for languages without texts */
export function textsOf(locale: string | null): Texts {
  return translations[locale ?? ''] ?? english;
}
