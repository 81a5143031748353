/** Pages of tracks: every order, forwards and backwards, with and without words, compared with sorting and searching a list. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { type TrackSort, trackSorts } from '../../src/catalog/track-pages.ts';
import type { Track } from '../../src/domain.ts';
import { factsOf, openCatalog, recordingOf } from './helpers.ts';

/** More than are sorted when a word matches them all. */
const tracks = 900;

interface Tags {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
}

function put(catalog: Catalog, key: string, tags: Tags, chunks = 1): number {
  const recording = recordingOf(Array.from({ length: chunks }, () => 'music' as const));
  return catalog.embeddings.put(factsOf(key), { ...recording, tags });
}

function pages(catalog: Catalog, words: string, sort: TrackSort, descending: boolean, limit: number): Track[] {
  const found: Track[] = [];
  for (;;) {
    const page = catalog.tracks.page({ words, sort, descending, limit, after: found.at(-1) ?? null });
    expect(page.length).toBeLessThanOrEqual(limit);
    found.push(...page);
    if (page.length < limit) return found;
  }
}

const columns: Readonly<Record<TrackSort, (track: Track) => readonly (string | number | null)[]>> = {
  title: ({ title, artist, key }) => [lower(title), lower(artist), key],
  artist: ({ title, artist, key }) => [lower(artist), lower(title), key],
  album: ({ album, key }) => [lower(album), key],
  duration: ({ durationSec, key }) => [durationSec, key],
  added: ({ id }) => [id],
};

function lower(text: string | null): string | null {
  return text?.toLowerCase() ?? null;
}

function compare(a: readonly (string | number | null)[], b: readonly (string | number | null)[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at] ?? null;
    if (left === right) continue;
    if (left === null || right === null) return left === null ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

function naive(all: readonly Track[], words: string, sort: TrackSort, descending: boolean): Track[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const of = columns[sort];
  return all
    .filter(({ title, artist, key }) => {
      const text = `${title ?? ''} ${artist ?? ''} ${key}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .sort((a, b) => compare(of(a), of(b)) * (descending ? -1 : 1));
}

describe('a page of tracks', () => {
  const catalog = new Catalog(':memory:');
  let all: Track[];

  beforeAll(() => {
    const letters = ['a', 'B', 'c', 'D', 'e', ' ', '%', '_', '"'];
    // A fixed sequence: the same catalog in every run.
    let state = 7;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const text = (lengthMax: number): string =>
      Array.from({ length: 1 + random(lengthMax) }, () => letters[random(letters.length)]).join('');
    const orNone = (value: string): string | null => (random(5) === 0 ? null : value);
    for (let number = 0; number < tracks; number++) {
      const tags = { title: orNone(text(6)), artist: orNone(text(3)), album: orNone(text(2)) };
      put(catalog, `${text(3)}/piece-${number}.mp3`, tags, 1 + random(4));
    }
    const removed = [...catalog.tracks.known('space-a').keys()].filter((_, at) => at % 10 === 0);
    catalog.removals.remove(removed, 'request');
    all = naive(catalog.tracks.search('', tracks), '', 'added', false);
    expect(all.length).toBe(tracks - removed.length);
  });

  const word = fc.oneof(
    fc.constantFrom('piece', 'PIECE-1', 'mp3', '.mp3', 'p3', '-', 'xyzzy', 'zq', '9', '77', 'e-4'),
    fc.string({ unit: fc.constantFrom('a', 'b', 'C', 'd', '%', '_', '"'), minLength: 1, maxLength: 4 }),
  );
  const request = fc.record({
    words: fc.array(word, { maxLength: 3 }).map((words) => words.join(' ')),
    sort: fc.constantFrom(...trackSorts),
    descending: fc.boolean(),
    limit: fc.constantFrom(7, 50, 200),
  });

  test('has the same tracks in the same order as a sorted list, whatever is searched', () => {
    fc.assert(
      fc.property(request, ({ words, sort, descending, limit }) => {
        const found = pages(catalog, words, sort, descending, limit);
        expect(found.map(({ id }) => id)).toEqual(naive(all, words, sort, descending).map(({ id }) => id));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a search', () => {
  const found = (catalog: Catalog, words: string): (string | null)[] =>
    catalog.tracks.page({ words, sort: 'title', descending: false, limit: 10, after: null }).map(({ title }) => title);

  test('finds words without their diacritics, and short words of any script', () => {
    const catalog = openCatalog();
    put(catalog, 'a.mp3', { title: 'Jóga', artist: 'Björk', album: null });
    put(catalog, 'b.mp3', { title: '東京の夜', artist: null, album: null });
    expect(found(catalog, 'bjork')).toEqual(['Jóga']);
    expect(found(catalog, 'BJÖRK joga')).toEqual(['Jóga']);
    expect(found(catalog, '東京')).toEqual(['東京の夜']);
    expect(found(catalog, '夜')).toEqual(['東京の夜']);
    expect(found(catalog, '京東')).toEqual([]);
    expect(found(catalog, 'p3')).toHaveLength(2);
    expect(found(catalog, '\0')).toHaveLength(2);
  });

  test('follows new tags, new names, removals and deleted tracks', () => {
    const catalog = openCatalog();
    put(catalog, 'a.mp3', { title: 'Morning', artist: null, album: null });
    expect(found(catalog, 'morning')).toEqual(['Morning']);
    put(catalog, 'a.mp3', { title: 'Evening', artist: null, album: null });
    expect(found(catalog, 'morning')).toEqual([]);
    expect(found(catalog, 'evening')).toEqual(['Evening']);
    catalog.removals.remove(['a.mp3'], 'request');
    expect(found(catalog, 'evening')).toEqual([]);
    catalog.removals.restore('a.mp3');
    expect(found(catalog, 'evening')).toEqual(['Evening']);
  });
});
