import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { factsOf, openCatalog, recordingOf } from './helpers.ts';

function putPiece(catalog: Catalog, key: string, title: string | null, artist: string | null): number {
  const recording = recordingOf(['music', 'silence']);
  return catalog.embeddings.put(factsOf(key), { ...recording, tags: { title, artist, album: null } });
}

test('finds tracks by words of title, artist and file name, in any order and case', () => {
  const catalog = openCatalog();
  putPiece(catalog, 'suites/knolls.ogg', 'The Knolls of Doldesh', 'Timothy Pinkham');
  putPiece(catalog, 'suites/battle.ogg', 'Battle Epic', 'Doug Kaufman');
  putPiece(catalog, 'others/no-tags_100%.mp3', null, null);
  const titles = (text: string) => catalog.tracks.search(text, 25).map(({ title, key }) => title ?? key);
  expect(titles('doldesh KNOLLS')).toEqual(['The Knolls of Doldesh']);
  expect(titles('pinkham')).toEqual(['The Knolls of Doldesh']);
  expect(titles('suites')).toEqual(['Battle Epic', 'The Knolls of Doldesh']);
  expect(titles('100%')).toEqual(['others/no-tags_100%.mp3']);
  expect(titles('%')).toEqual(['others/no-tags_100%.mp3']);
  expect(titles('nothing like it')).toEqual([]);
  expect(titles('')).toHaveLength(3);
});

test('ranks titles that start with the typed text first, and excludes removed tracks', () => {
  const catalog = openCatalog();
  putPiece(catalog, 'a', 'A Song of Rain', null);
  putPiece(catalog, 'b', 'Rain', null);
  putPiece(catalog, 'c', 'Rain Again', null);
  catalog.removals.remove(['c'], 'request');
  expect(catalog.tracks.search('rain', 25).map(({ key }) => key)).toEqual(['b', 'a']);
  expect(catalog.tracks.search('rain', 1)).toHaveLength(1);
});

test('returns a track as it was embedded', () => {
  const catalog = openCatalog();
  const recording = recordingOf(['music', 'applause', 'music'], { seed: 5 });
  const id = catalog.embeddings.put(factsOf('a'), recording);
  expect(catalog.evidence.recordingOf('space-a', id)).toEqual(recording);
  expect(catalog.evidence.recordingOf('space-b', id)).toBeNull();
  expect(catalog.evidence.recordingOf('space-a', id + 1)).toBeNull();
  expect(catalog.tracks.contentSha256Of(id)).toBe(factsOf('a').contentSha256);
});
