import { expect, test } from 'vitest';
import { LeitmotifError } from '../../src/errors.ts';
import { factsOf, openCatalog, recordingOf } from './helpers.ts';

test('returns a stored track by key and by id', () => {
  const catalog = openCatalog();
  const key = `folder/it's "quoted"\n🎵.ogg`;
  const id = catalog.embeddings.put(factsOf(key), recordingOf(['music', 'silence']));
  const track = { id, key, title: 'Title 1', artist: null, album: null, durationSec: 20, status: 'indexed' };
  expect(catalog.tracks.byKey(key)).toEqual(track);
  expect(catalog.tracks.byIds([id, 999])).toEqual(new Map([[id, track]]));
  expect(catalog.tracks.byKey('nothing')).toBeNull();
});

test('keeps the id of a track that is stored again, and never gives an id twice', () => {
  const catalog = openCatalog();
  const first = catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  expect(catalog.embeddings.put(factsOf('a', { contentSha256: 'f'.repeat(64) }), recordingOf(['music']))).toBe(first);
  catalog.removals.remove(['a'], 'scan');
  catalog.removals.purge(Date.now() + 1);
  expect(catalog.tracks.byKey('a')).toBeNull();
  expect(catalog.embeddings.put(factsOf('a'), recordingOf(['music']))).toBeGreaterThan(first);
});

test('hides a removed track and shows it again after a restore', () => {
  const catalog = openCatalog();
  const id = catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  expect(catalog.tracks.live([id])).toEqual(new Set([id]));
  catalog.removals.remove(['a'], 'request');
  expect(catalog.tracks.live([id])).toEqual(new Set());
  expect(catalog.tracks.byKey('a')?.status).toBe('removed');
  expect(catalog.tracks.known('space-a').get('a')?.removedBy).toBe('request');
  catalog.removals.restore('a');
  expect(catalog.tracks.live([id])).toEqual(new Set([id]));
});

test('refuses to remove an unknown track, and then removes none of the others', () => {
  const catalog = openCatalog();
  const id = catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  const remove = () => catalog.removals.remove(['a', 'b'], 'request');
  expect(remove).toThrow(expect.objectContaining({ code: 'track-unknown' }));
  expect(remove).toThrow(LeitmotifError);
  expect(catalog.tracks.live([id])).toEqual(new Set([id]));
});

test('purges the vectors of a track removed on request, and remembers the removal', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('asked'), recordingOf(['music']));
  catalog.embeddings.put(factsOf('gone'), recordingOf(['music']));
  catalog.removals.remove(['asked'], 'request');
  catalog.removals.remove(['gone'], 'scan');
  expect(catalog.removals.purge(0)).toBe(0);
  expect(catalog.removals.purge(Date.now() + 1)).toBe(2);
  expect(catalog.tracks.known('space-a').get('asked')).toMatchObject({ removedBy: 'request', embedded: false });
  expect(catalog.tracks.byKey('gone')).toBeNull();
});

test('lists failures with their tries, and deletes them when the track is indexed', () => {
  const catalog = openCatalog(undefined, { now: () => 5000 });
  const attempt = {
    spaceId: 'space-a',
    contentSha256: 'c',
    code: 'audio-unreadable',
    message: 'no audio in it',
  } as const;
  catalog.files.putFailed(factsOf('bad'), attempt);
  catalog.files.putFailed(factsOf('bad'), attempt);
  const { code, message } = attempt;
  expect(catalog.tracks.failures()).toEqual([{ key: 'bad', code, message, tries: 2, atMs: 5000, retryAtMs: null }]);
  catalog.files.putFailed(factsOf('bad'), { ...attempt, coolDownMs: (tries) => tries * 100 });
  expect(catalog.tracks.failures()[0]).toMatchObject({ tries: 3, atMs: 5000, retryAtMs: 5300 });
  catalog.files.putFailed(factsOf('bad'), { ...attempt, contentSha256: 'd' });
  expect(catalog.tracks.failures()[0]?.tries).toBe(1);
  catalog.embeddings.put(factsOf('bad'), recordingOf(['music']));
  expect(catalog.tracks.failures()).toEqual([]);
  expect(catalog.tracks.byKey('bad')?.status).toBe('indexed');
});

test('deletes the vectors of a track whose new content fails, and keeps them when it could not be read', () => {
  const catalog = openCatalog();
  const id = catalog.embeddings.put(factsOf('a', { contentSha256: 'old' }), recordingOf(['music']));
  const attempt = { spaceId: 'space-a', code: 'file-unreadable', message: 'not permitted' } as const;
  catalog.files.putFailed(factsOf('a'), { ...attempt, contentSha256: null });
  expect(catalog.tracks.live([id])).toEqual(new Set([id]));
  expect(catalog.tracks.known('space-a').get('a')?.failure).toMatchObject({ code: 'file-unreadable', tries: 1 });
  const before = catalog.contentOf('space-a');
  catalog.files.putFailed(factsOf('a'), { ...attempt, contentSha256: 'new' });
  expect(catalog.tracks.live([id])).toEqual(new Set());
  expect(catalog.contentOf('space-a')).not.toBe(before);
});

test('renames a track without changing its id or its generation', () => {
  const catalog = openCatalog();
  const id = catalog.embeddings.put(factsOf('old name'), recordingOf(['music']));
  const before = catalog.contentOf('space-a');
  catalog.files.rename('old name', factsOf('new name', { mtimeMs: 9 }));
  expect(catalog.tracks.byKey('new name')?.id).toBe(id);
  expect(catalog.tracks.byKey('old name')).toBeNull();
  expect(catalog.contentOf('space-a')).toBe(before);
});

test('keeps the vectors of other spaces when one space fails', () => {
  const catalog = openCatalog();
  const facts = factsOf('a', { contentSha256: 'same' });
  const id = catalog.embeddings.put(facts, recordingOf(['music']));
  catalog.embeddings.put(factsOf('b'), recordingOf(['music'], { spaceId: 'space-b', dimensions: 7 }));
  catalog.files.putFailed(facts, {
    spaceId: 'space-b',
    contentSha256: 'same',
    code: 'audio-too-long',
    message: 'long',
  });
  expect(catalog.tracks.live([id])).toEqual(new Set([id]));
  expect(catalog.tracks.known('space-a').get('a')).toMatchObject({ embedded: true, failure: null });
  expect(catalog.tracks.known('space-b').get('a')).toMatchObject({
    embedded: false,
    failure: { code: 'audio-too-long' },
  });
});
