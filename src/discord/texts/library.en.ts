/** What the bot says about the library and itself, in English. Placeholders are arguments. */
export const libraryEn = {};
