/** Names and descriptions of commands in every language that the bot speaks. */
import type { LocalizationMap } from 'discord-api-types/v10';
import { type Texts, textsOf, translations } from '../texts/texts.ts';

interface Named {
  readonly name: string;
  readonly description: string;
}

export function localizedName(nameIn: (texts: Texts) => string): { name: string; name_localizations: LocalizationMap } {
  return { name: nameIn(textsOf(null)), name_localizations: inEveryLanguage(nameIn) };
}

/** @param wordsIn picks the words of one command or option from the texts of a language */
export function localized(wordsIn: (texts: Texts) => Named) {
  return {
    ...localizedName((texts) => wordsIn(texts).name),
    description: wordsIn(textsOf(null)).description,
    description_localizations: inEveryLanguage((texts) => wordsIn(texts).description),
  };
}

function inEveryLanguage(textIn: (texts: Texts) => string): LocalizationMap {
  return Object.fromEntries(Object.entries(translations).map(([locale, texts]) => [locale, textIn(texts)]));
}
