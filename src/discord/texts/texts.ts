/** All texts of the bot, by locale. English defines the type, so the compiler checks that other languages are complete. */
import { helpDe } from './help.de.ts';
import { type HelpTexts, helpEn } from './help.en.ts';
import { libraryDe } from './library.de.ts';
import { type LibraryTexts, libraryEn } from './library.en.ts';
import { privacyDe } from './privacy.de.ts';
import { type PrivacyTexts, privacyEn } from './privacy.en.ts';
import { queryDe } from './query.de.ts';
import { type QueryTexts, queryEn } from './query.en.ts';

export interface Texts {
  readonly query: QueryTexts;
  readonly library: LibraryTexts;
  readonly privacy: PrivacyTexts;
  readonly help: HelpTexts;
}

const english: Texts = { query: queryEn, library: libraryEn, privacy: privacyEn, help: helpEn };
const german: Texts = { query: queryDe, library: libraryDe, privacy: privacyDe, help: helpDe };

/** Languages other than English, by Discord's locale names. */
export const translations: Readonly<Record<string, Texts>> = { de: german };

/** @param locale Discord's locale name; English for null and for languages without texts */
export function textsOf(locale: string | null): Texts {
  return translations[locale ?? ''] ?? english;
}
