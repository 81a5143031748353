/** What the bot says about queries, in German. */
import type { QueryTexts } from './texts.ts';

export const queryDe: QueryTexts = {};
