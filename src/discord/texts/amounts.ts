/** Formats numbers, sizes and counts for a language. */
import { formatBytes, formatDuration } from '../../format.ts';

export interface Amounts {
  /** 1,234 */
  readonly whole: (value: number) => string;
  /** 0.553: three digits, so that different ranks show different scores. */
  readonly score: (value: number) => string;
  /** 3.5 */
  readonly tenths: (value: number) => string;
  /** 3.5 MB */
  readonly bytes: (bytes: number) => string;
  /** 3.5 s, 45 s, 12 min */
  readonly duration: (seconds: number) => string;
  /** 1 vote, 2 votes */
  readonly count: (amount: number, one: string, other: string) => string;
  /** silence; silence and applause */
  readonly list: (words: readonly string[]) => string;
}

export function amountsIn(language: string): Amounts {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const score = new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const plural = new Intl.PluralRules(language);
  const list = new Intl.ListFormat(language);
  const point = score.formatToParts(0).find(({ type }) => type === 'decimal')?.value ?? '.';
  return {
    whole: (value) => whole.format(value),
    score: (value) => score.format(value),
    tenths: (value) => tenths.format(value),
    bytes: (bytes) => formatBytes(Math.max(0, Math.round(bytes))).replace('.', point),
    duration: (seconds) => formatDuration(seconds).replace('.', point),
    count: (amount, one, other) => `${whole.format(amount)} ${plural.select(amount) === 'one' ? one : other}`,
    list: (words) => list.format(words),
  };
}
