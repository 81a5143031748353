/** Everything the bot says, by locale. English is complete by definition, the others by their type. */
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

/** The languages beside English, by Discord's names for them. */
export const translations: Readonly<Record<string, Texts>> = { de: german };

/** @param locale as Discord names it; null or one that we lack is English */
export function textsOf(locale: string | null): Texts {
  return translations[locale ?? ''] ?? english;
}
