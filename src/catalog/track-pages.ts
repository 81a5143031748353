/** Pages of the library's tracks by keyset: a page begins after the last track of the page before, whatever was added or
 *  removed meanwhile, and costs the same at any depth. The index `tracks_by_name` has the order by title. */
import type { Track } from '../domain.ts';
import type { Database, SqlRow } from './database.ts';
import { toTrack } from './track-rows.ts';

/** title: tracks without a title are first, then by artist and key. added: in the order of their ids. */
export const trackSorts = ['title', 'added'] as const;
export type TrackSort = (typeof trackSorts)[number];

export interface TrackPageRequest {
  /** All words must be in title, artist or key; up to eight count. */
  readonly words: string;
  readonly sort: TrackSort;
  readonly descending: boolean;
  readonly limit: number;
  /** The last track of the page before; null: the first page. */
  readonly after: Pick<Track, 'id' | 'key' | 'title' | 'artist'> | null;
}

/** Each word is one more comparison per row. */
const wordsMax = 8;
const haystack = "coalesce(title, '') || ' ' || coalesce(artist, '') || ' ' || key";

type Value = string | number | null;
interface Part {
  readonly where: string;
  readonly values: readonly Value[];
}

export function trackPage(database: Database, request: TrackPageRequest): Track[] {
  const { sort, descending, limit } = request;
  const found: SqlRow[] = [];
  for (const part of sort === 'added' ? partsById(request) : partsByTitle(request)) {
    if (found.length >= limit) break;
    found.push(...rowsOf(database, request, part, limit - found.length));
  }
  return found.map(toTrack).slice(0, limit);

  function rowsOf(from: Database, { words }: TrackPageRequest, { where, values }: Part, count: number): SqlRow[] {
    const wanted = words.trim().split(/\s+/).filter(Boolean).slice(0, wordsMax);
    const conditions = ["status = 'indexed'", where, ...wanted.map(() => `${haystack} LIKE ? ESCAPE '\\'`)];
    const columns = sort === 'added' ? ['id'] : ['title', 'artist', 'key'];
    const order = columns.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ');
    const index = sort === 'added' ? 'NOT INDEXED' : 'INDEXED BY tracks_by_name';
    const likes = wanted.map((word) => `%${word.replace(/[\\%_]/g, (c) => `\\${c}`)}%`);
    return from.all(
      `SELECT t.* FROM (SELECT id AS found FROM tracks ${index} WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?)
       JOIN tracks t ON t.id = found ORDER BY ${columns.map((column) => `t.${column} ${descending ? 'DESC' : 'ASC'}`).join(', ')}`,
      ...values,
      ...likes,
      count,
    );
  }
}

function partsById({ after, descending }: TrackPageRequest): Part[] {
  if (after === null) return [{ where: 'true', values: [] }];
  return [{ where: `id ${descending ? '<' : '>'} ?`, values: [after.id] }];
}

/** SQLite cannot compare rows that hold NULL, and an OR would leave the index. So a page is up to three ranges of it: the same
 *  title and artist, the same title, and the rest. */
function partsByTitle({ after, descending }: TrackPageRequest): Part[] {
  if (after === null) return [{ where: 'true', values: [] }];
  const { title, artist, key } = after;
  const same: Part = {
    where: `title IS ? AND artist IS ? AND key ${descending ? '<' : '>'} ?`,
    values: [title, artist, key],
  };
  const beyondArtist = beyond('artist', artist, descending);
  const beyondTitle = beyond('title', title, descending);
  return [
    same,
    ...beyondArtist.map(({ where, values }) => ({ where: `title IS ? AND ${where}`, values: [title, ...values] })),
    ...beyondTitle,
  ];
}

/** NULL sorts before every text. */
function beyond(column: string, value: string | null, descending: boolean): Part[] {
  if (!descending)
    return [
      value === null ? { where: `${column} IS NOT NULL`, values: [] } : { where: `${column} > ?`, values: [value] },
    ];
  if (value === null) return [];
  return [
    { where: `${column} < ?`, values: [value] },
    { where: `${column} IS NULL`, values: [] },
  ];
}
