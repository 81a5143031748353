/** Names and descriptions of commands, localized for every language of the bot. */
import { ApplicationIntegrationType, InteractionContextType, type LocalizationMap } from 'discord-api-types/v10';
import { type Texts, textsOf, translations } from '../src/discord/texts/texts.ts';

/** Servers, the bot's direct messages, and other direct messages and groups; for servers that installed the bot, and for users
 *  who installed it for themselves. */
export const everywhere = {
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
  integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
};

export const pieceLengthMax = 200;

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
