/** Which tracks have all words of a search: by the trigram index, which knows parts of words of three characters and more, and
 *  shorter ones by the trigrams that begin with them. Without regard to case and diacritics. */
import type { Database } from './database.ts';

export interface WordFilter {
  /** The tracks, if they are few; null: many, or unknown. */
  readonly ids: readonly number[] | null;
  /** A query of the trigram index; null: it says nothing. */
  readonly match: string | null;
  /** Patterns of short words that are so common that every page of tracks has some. */
  readonly likes: readonly string[];
}

const wordsMax = 8;
const trigram = 3;
/** Sorting so many takes 2 ms. Of 100,000 tracks, a page of 50 is met after 10,000 at most, unless all are at one end. */
const fewMax = 500;
/** Of a short word: one with more is common. */
const trigramsMax = 64;
const commonFrom = 5_000;

/** @returns null when no track can have all words */
export function wordFilter(database: Database, text: string): WordFilter | null {
  const words = text
    .split(/[\s\0]+/)
    .filter(Boolean)
    .slice(0, wordsMax);
  const terms: string[] = [];
  const likes: string[] = [];
  for (const word of words) {
    const folded = fold(word);
    if (folded.length === 0) continue;
    if (folded.length >= trigram) {
      terms.push(quoted(word));
      continue;
    }
    const begun = trigramsThatBegin(database, folded.join(''));
    if (begun === 'none') return null;
    if (begun === 'common') likes.push(`%${word.replace(/[\\%_]/g, (c) => `\\${c}`)}%`);
    else terms.push(`(${begun.map(quoted).join(' OR ')})`);
  }
  if (terms.length === 0) return { ids: null, match: null, likes };
  const match = terms.join(' AND ');
  const rows = database.all('SELECT rowid FROM track_words WHERE track_words MATCH ? LIMIT ?', match, fewMax + 1);
  if (rows.length === 0) return null;
  return { ids: rows.length > fewMax ? null : rows.map((row) => Number(row.rowid)), match, likes };
}

function trigramsThatBegin(database: Database, text: string): 'none' | 'common' | string[] {
  const select = 'SELECT term, doc FROM track_trigrams WHERE term >= ? AND term < ?';
  const found: string[] = [];
  let tracks = 0;
  for (const { term, doc } of database.iterate(select, text, `${text}\u{10ffff}`)) {
    found.push(String(term));
    tracks += Number(doc);
    if (found.length > trigramsMax || tracks > commonFrom) return 'common';
  }
  return found.length === 0 ? 'none' : found;
}

/** As the index folds its words. */
function fold(word: string): string[] {
  return [...word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()];
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
