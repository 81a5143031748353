/** Pages of the library's tracks by keyset: a page begins after the last track of the page before, whatever was added or
 *  removed meanwhile, and costs the same at any depth. Each order has an index. */
import type { Track } from '../domain.ts';
import type { Database } from './database.ts';
import { toTrack } from './track-rows.ts';
import { type WordFilter, wordFilter } from './track-words.ts';

/** Without regard to case. Tracks without the value are first. added: in the order of their ids. */
export const trackSorts = ['title', 'artist', 'album', 'duration', 'added'] as const;
export type TrackSort = (typeof trackSorts)[number];

export interface TrackPageRequest {
  /** All words must be in title, artist or key; up to eight count. */
  readonly words: string;
  readonly sort: TrackSort;
  readonly descending: boolean;
  readonly limit: number;
  /** The last track of the page before; null: the first page. */
  readonly after: Pick<Track, 'id' | 'key' | 'title' | 'artist' | 'album' | 'durationSec'> | null;
}

type Value = string | number | null;
interface Part {
  readonly where: string;
  readonly values: readonly Value[];
}
interface Column {
  readonly sql: string;
  readonly of: (track: NonNullable<TrackPageRequest['after']>) => Value;
}

const title: Column = { sql: 't.title COLLATE NOCASE', of: (track) => track.title };
const artist: Column = { sql: 't.artist COLLATE NOCASE', of: (track) => track.artist };
const album: Column = { sql: 't.album COLLATE NOCASE', of: (track) => track.album };
const duration: Column = { sql: 't.duration_sec', of: (track) => track.durationSec };
const key: Column = { sql: 't.key', of: (track) => track.key };
const id: Column = { sql: 't.id', of: (track) => track.id };

/** The columns of an order are those of its index. */
const orders: Readonly<Record<TrackSort, { readonly columns: readonly Column[]; readonly index: string | null }>> = {
  title: { columns: [title, artist, key], index: 'tracks_by_title' },
  artist: { columns: [artist, title, key], index: 'tracks_by_artist' },
  album: { columns: [album, key], index: 'tracks_by_album' },
  duration: { columns: [duration, key], index: 'tracks_by_duration' },
  added: { columns: [id], index: null },
};

export function trackPage(database: Database, request: TrackPageRequest): Track[] {
  const { sort, descending, limit, after } = request;
  const filter = wordFilter(database, request.words);
  if (filter === null) return [];
  const { from, where, values, columns } = source(filter, sort);
  const orderBy = (wanted: readonly Column[]): string =>
    wanted.map(({ sql }) => `${sql} ${descending ? 'DESC' : 'ASC'}`).join(', ');
  const found: Track[] = [];
  for (const part of after === null ? [{ where: 'true', values: [] }] : partsAfter(columns, after, descending)) {
    if (found.length >= limit) break;
    const conditions = ["t.status = 'indexed'", part.where, ...where].join(' AND ');
    const ids = `SELECT t.id AS found FROM ${from} WHERE ${conditions} ORDER BY ${orderBy(columns)} LIMIT ?`;
    const rows = database.all(
      `SELECT t.* FROM (${ids}) JOIN tracks t ON t.id = found ORDER BY ${orderBy(orders[sort].columns)}`,
      ...[...part.values, ...values, limit - found.length],
    );
    found.push(...rows.map(toTrack));
  }
  return found;
}

interface Source {
  readonly from: string;
  readonly where: readonly string[];
  readonly values: readonly Value[];
  readonly columns: readonly Column[];
}

/** Few matches are sorted. Many are met soon in the order of the index; the order by id is that of the words too. */
function source({ ids, match, likes }: WordFilter, sort: TrackSort): Source {
  const { columns, index } = orders[sort];
  const haystack = "coalesce(t.title, '') || ' ' || coalesce(t.artist, '') || ' ' || t.key";
  const like = likes.map(() => `${haystack} LIKE ? ESCAPE '\\'`);
  const ordered = index === null ? 'tracks t NOT INDEXED' : `tracks t INDEXED BY ${index}`;
  const plain = { columns };
  if (ids !== null) {
    const where = ['t.id IN (SELECT value FROM json_each(?))', ...like];
    return { ...plain, from: 'tracks t NOT INDEXED', where, values: [JSON.stringify(ids), ...likes] };
  }
  if (match === null) return { ...plain, from: ordered, where: like, values: likes };
  if (index !== null) {
    const where = ['t.id IN (SELECT rowid FROM track_words WHERE track_words MATCH ?)', ...like];
    return { ...plain, from: ordered, where, values: [match, ...likes] };
  }
  const where = ['track_words MATCH ?', ...like];
  const from = 'track_words w CROSS JOIN tracks t ON t.id = w.rowid';
  return { ...plain, from, where, values: [match, ...likes], columns: [{ ...id, sql: 'w.rowid' }] };
}

/** SQLite cannot compare rows that hold NULL, and an OR would leave the index. So a page is several ranges of it: the same
 *  values but the last, the same values but the last two, and so on. */
function partsAfter(
  columns: readonly Column[],
  after: NonNullable<TrackPageRequest['after']>,
  descending: boolean,
): Part[] {
  return columns
    .flatMap((column, at) => {
      const same = columns.slice(0, at);
      return beyond(column, column.of(after), descending).map(({ where, values }) => ({
        where: [...same.map(({ sql }) => `${sql} IS ?`), where].join(' AND '),
        values: [...same.map(({ of }) => of(after)), ...values],
        at,
      }));
    })
    .sort((a, b) => b.at - a.at);
}

/** NULL sorts before every value. */
function beyond({ sql }: Column, value: Value, descending: boolean): Part[] {
  if (!descending)
    return [value === null ? { where: `${sql} IS NOT NULL`, values: [] } : { where: `${sql} > ?`, values: [value] }];
  if (value === null) return [];
  return [
    { where: `${sql} < ?`, values: [value] },
    { where: `${sql} IS NULL`, values: [] },
  ];
}
