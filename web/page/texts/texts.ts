/** All texts of the page in the browser's language: its own, and the bot's words for verdicts, matches, progress and failures. */
import { type Amounts, amountsIn } from '../../../src/discord/texts/amounts.ts';
import { queryDe } from '../../../src/discord/texts/query.de.ts';
import { type QueryTexts, queryEn } from '../../../src/discord/texts/query.en.ts';
import type { Problem } from '../api/types.ts';
import { adminDe } from './admin.de.ts';
import { adminEn } from './admin.en.ts';
import { pageDe } from './de.ts';
import { pageEn } from './en.ts';
import { libraryDe } from './library.de.ts';
import { libraryEn } from './library.en.ts';
import { mapDe } from './map.de.ts';
import { mapEn } from './map.en.ts';
import { peopleDe } from './people.de.ts';
import { peopleEn } from './people.en.ts';

const en = { ...pageEn, library: libraryEn, map: mapEn, admin: adminEn, people: peopleEn };
const de: typeof en = { ...pageDe, library: libraryDe, map: mapDe, admin: adminDe, people: peopleDe };
export type PageTexts = typeof en;

export interface Texts {
  readonly language: 'en' | 'de';
  readonly page: PageTexts;
  readonly bot: QueryTexts;
  readonly amounts: Amounts;
}

const catalogue = {
  en: { language: 'en', page: en, bot: queryEn, amounts: amountsIn('en') },
  de: { language: 'de', page: de, bot: queryDe, amounts: amountsIn('de') },
} as const satisfies Record<string, Texts>;

/** @param languages the browser's, most wanted first */
export function textsOf(languages: readonly string[]): Texts {
  for (const language of languages) {
    const known = catalogue[language.slice(0, 2).toLowerCase() as 'en' | 'de'];
    if (known) return known;
  }
  return catalogue.en;
}

/** What happened and what to try. */
export function failureSentence({ page, bot, language }: Texts, problem: Problem, nowMs: number): string {
  const { code, facts, reference, retryable } = problem;
  if (code === 'unreachable') return page.failure.unreachable;
  // The worker may refuse the server's token, of which the caller's key knows nothing.
  const isOfWorker = code === 'unauthorized' && reference !== undefined;
  const own = page.failure.own[code];
  if (own !== undefined && !isOfWorker) return own;
  const ofBot = (bot.failure as Readonly<Record<string, ((given: typeof facts) => string) | undefined>>)[code];
  // Of failures with a reference only the server's log has the details; the bot would speak of its owner.
  const said = reference === undefined ? ofBot?.(facts) : page.failure.server(reference);
  const sentence = (said ?? problem.detail).replaceAll('**', '');
  return retryable ? `${sentence} ${bot.again(whenAgain(facts.retryAtMs, language, nowMs))}` : sentence;
}

function whenAgain(atMs: string | number | undefined, language: string, nowMs: number): string | null {
  if (typeof atMs !== 'number') return null;
  const seconds = Math.max(1, Math.ceil((atMs - nowMs) / 1000));
  const relative = new Intl.RelativeTimeFormat(language);
  return seconds < 90 ? relative.format(seconds, 'second') : relative.format(Math.ceil(seconds / 60), 'minute');
}
