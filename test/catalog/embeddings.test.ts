import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { factsOf, openCatalog, recordingOf, tempFolder } from './helpers.ts';

function rowsOf(catalog: Catalog, spaceId = 'space-a', includeNonMusic = false) {
  using snapshot = catalog.snapshot(spaceId, { includeNonMusic });
  const rows = [...snapshot.rows()];
  expect(snapshot.tracks().reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(rows.length);
  return rows;
}

test('gives a generation the music chunks of all live tracks, by key and then by time, with exact vectors', () => {
  const catalog = openCatalog();
  const second = catalog.embeddings.put(factsOf('b'), recordingOf(['music', 'silence', 'music'], { seed: 2 }));
  const first = catalog.embeddings.put(factsOf('a'), recordingOf(['music'], { seed: 1 }));
  catalog.embeddings.put(factsOf('c'), recordingOf(['music'], { seed: 3 }));
  catalog.removals.remove(['c'], 'request');
  const rows = rowsOf(catalog);
  expect(rows.map(({ chunk }) => [chunk.trackId, chunk.startSec])).toEqual([
    [first, 0],
    [second, 0],
    [second, 20],
  ]);
  expect(rows[2]?.vector).toEqual(recordingOf(['music', 'music', 'music'], { seed: 2 }).chunks[2]?.vector);
  expect(rowsOf(catalog, 'space-a', true)).toHaveLength(4);
  expect(rowsOf(catalog, 'no such space')).toEqual([]);
});

test('keeps a snapshot unchanged while rows are written', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  using snapshot = catalog.snapshot('space-a');
  const rows = snapshot.rows();
  expect(rows.next().done).toBe(false);
  catalog.embeddings.put(factsOf('b'), recordingOf(['music']));
  catalog.removals.remove(['a'], 'scan');
  expect(rows.next().done).toBe(true);
  expect(snapshot.content).not.toBe(catalog.contentOf('space-a'));
});

test('gives equal rows the same name, and different rows different names', () => {
  const catalog = openCatalog();
  const names = [catalog.contentOf('space-a'), catalog.contentOf('space-a', { includeNonMusic: true })];
  const note = () => names.push(catalog.contentOf('space-a'));
  catalog.embeddings.put(factsOf('a'), recordingOf(['music']));
  note();
  catalog.embeddings.put(factsOf('a'), recordingOf(['music'], { seed: 2 }));
  note();
  catalog.removals.remove(['a'], 'scan');
  note();
  catalog.removals.restore('a');
  note();
  names.push(catalog.contentOf('space-b'), openCatalog().contentOf('space-a'));
  expect(new Set(names).size).toBe(names.length);

  const before = catalog.contentOf('space-a');
  catalog.files.touch(factsOf('a', { mtimeMs: 77 }));
  catalog.embeddings.put(factsOf('a'), recordingOf(['music'], { spaceId: 'space-b' }));
  catalog.jobs.start('index', 'space-a');
  expect(catalog.contentOf('space-a')).toBe(before);
});

test('holds vectors of several models, and deletes all of a file whose content changed', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingOf(['music'], { spaceId: 'space-a', dimensions: 4 }));
  catalog.embeddings.put(factsOf('a'), recordingOf(['music', 'music'], { spaceId: 'space-b', dimensions: 6 }));
  expect([rowsOf(catalog, 'space-a').length, rowsOf(catalog, 'space-b').length]).toEqual([1, 2]);
  const changed = factsOf('a', { contentSha256: 'changed' });
  catalog.embeddings.put(changed, recordingOf(['music'], { spaceId: 'space-b', dimensions: 6 }));
  expect([rowsOf(catalog, 'space-a').length, rowsOf(catalog, 'space-b').length]).toEqual([0, 1]);
});

test('refuses vectors of other lengths than the space', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingOf(['music'], { dimensions: 4 }));
  const put = () => catalog.embeddings.put(factsOf('b'), recordingOf(['music'], { dimensions: 5 }));
  expect(put).toThrow(expect.objectContaining({ code: 'space-mismatch' }));
  expect(() => catalog.embeddings.put(factsOf('b'), recordingOf([]))).toThrow(RangeError);
  expect(catalog.tracks.byKey('b')).toBeNull();
});

test('copies all data of the same bytes to another key', () => {
  const catalog = openCatalog();
  const facts = factsOf('a', { contentSha256: 'same' });
  catalog.embeddings.put(facts, recordingOf(['music', 'applause']));
  catalog.embeddings.put(facts, recordingOf(['music'], { spaceId: 'space-b' }));
  expect(catalog.duplicateFiles.findByContent('same', 'space-a', 'b')).toBe('a');
  expect(catalog.duplicateFiles.findByContent('same', 'space-c', 'b')).toBeNull();
  expect(catalog.duplicateFiles.findByContent('other', 'space-a', 'b')).toBeNull();

  const copy = catalog.duplicateFiles.copy('a', factsOf('b', { mtimeMs: 3 }));
  const [original, copied] = rowsOf(catalog);
  expect(copied).toEqual({ ...original, chunk: { ...original?.chunk, trackId: copy } });
  expect(rowsOf(catalog, 'space-b')).toHaveLength(2);
  expect(catalog.evidence.fingerprintOf(copy)).toEqual(recordingOf(['music']).fingerprint);
  expect(catalog.duplicateFiles.findByContent('same', 'space-a', 'b')).toBe('b');
});

test('gives the level of the window that starts nearest to a time', () => {
  const catalog = openCatalog();
  const id = catalog.embeddings.put(factsOf('a'), recordingOf(['music', 'music', 'silence']));
  expect(catalog.evidence.loudnessAt('space-a', id, 10)).toBe(-21);
  expect(catalog.evidence.loudnessAt('space-a', id, 17)).toBe(-22);
  expect(catalog.evidence.loudnessAt('space-a', 99, 0)).toBeNull();
});

test('returns a fingerprint bit for bit, and null without one', () => {
  const catalog = openCatalog();
  const recording = recordingOf(['music']);
  const id = catalog.embeddings.put(factsOf('a'), recording);
  expect(catalog.evidence.fingerprintOf(id)).toEqual(recording.fingerprint);
  expect(catalog.evidence.fingerprintOf(99)).toBeNull();
});

test('counts live tracks, hours and chunks by kind', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingOf(['music', 'music', 'silence']));
  catalog.embeddings.put(factsOf('b'), recordingOf(['applause', 'music', 'noise']));
  catalog.embeddings.put(factsOf('c'), recordingOf(['music']));
  catalog.removals.remove(['c'], 'scan');
  catalog.files.putFailed(factsOf('d'), { spaceId: null, contentSha256: null, code: 'audio-empty', message: 'empty' });
  expect(catalog.counts()).toEqual({
    tracks: { indexed: 2, failed: 1, removed: 1 },
    hours: 60 / 3600,
    spaces: [
      {
        spaceId: 'space-a',
        dimensions: 4,
        tracks: 2,
        hours: 60 / 3600,
        chunks: { music: 3, silence: 1, applause: 1, noise: 1 },
      },
    ],
  });
});

test('tells which tracks of a snapshot changed, and reads the rows of some', () => {
  let nowMs = 1000;
  const catalog = openCatalog(tempFolder(), { now: () => nowMs });
  const put = (key: string, sha256 = key) =>
    catalog.embeddings.put(
      factsOf(key, { contentSha256: sha256.padEnd(64, '0') }),
      recordingOf(['music', 'noise', 'music']),
    );
  const [b, a, c] = [put('b'), put('a'), put('c')];
  catalog.embeddings.put(factsOf('silent'), recordingOf(['silence']));
  const look = () => {
    using snapshot = catalog.snapshot('space-a');
    const rows = [...snapshot.rows([c, b])].map(({ chunk }) => chunk.trackId);
    return { tracks: new Map(snapshot.tracks().map((track) => [track.trackId, track])), rows };
  };
  const before = look();
  expect([...before.tracks.values()].map(({ trackId, rowCount }) => [trackId, rowCount])).toEqual([
    [a, 2],
    [b, 2],
    [c, 2],
  ]);
  expect(before.rows).toEqual([b, b, c, c]);
  expect(look()).toEqual(before);
  nowMs += 1;
  put('a');
  put('b', 'other');
  const after = look().tracks;
  expect([a, b, c].map((id) => after.get(id)?.state === before.tracks.get(id)?.state)).toEqual([false, false, true]);
});
