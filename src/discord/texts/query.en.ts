/** What the bot says about queries, in English. Placeholders are arguments. */
export const queryEn = {};
