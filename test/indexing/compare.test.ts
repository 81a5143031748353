import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KnownTrack } from '../../src/catalog/track-rows.ts';
import { compare } from '../../src/indexing/compare.ts';
import type { Listed, ListedFile, ListedProblem } from '../../src/library/library.ts';

const keys = ['a.mp3', 'b.mp3', 'dir/c.mp3', 'dir/d.mp3', 'other/e.mp3'];

function file(key: string, changes: Partial<ListedFile> = {}): ListedFile {
  return { type: 'file', key, sizeBytes: 1, mtimeMs: 1, etag: null, ...changes };
}

function problem(key: string): ListedProblem {
  return { type: 'problem', key, code: 'file-unreadable', message: 'It cannot be read' };
}

function known(key: string, changes: Partial<KnownTrack> = {}): KnownTrack {
  return {
    ...{ id: 1, key, status: 'indexed', removedBy: null, sizeBytes: 1, mtimeMs: 1, etag: null },
    ...{ contentSha256: 'x', embedded: true, embeddedAtMs: 100, failure: null },
    ...changes,
  };
}

function toMap(...tracks: KnownTrack[]): Map<string, KnownTrack> {
  return new Map(tracks.map((track) => [track.key, track]));
}

const anyFile = fc.record({
  ...{ type: fc.constant('file' as const), key: fc.constantFrom(...keys), etag: fc.constantFrom(null, 'v1') },
  ...{ sizeBytes: fc.constantFrom(1, 2), mtimeMs: fc.constantFrom(1, 2) },
});
const anyProblem = fc.constantFrom('a.mp3', 'dir/', 'dir/c.mp3', 'other/').map(problem);
const anyListing = fc.uniqueArray<Listed, string>(fc.oneof(anyFile, anyProblem), { selector: ({ key }) => key });
const anyKnown = fc
  .uniqueArray(
    fc.record({
      id: fc.constant(1),
      key: fc.constantFrom(...keys),
      removedBy: fc.constantFrom<KnownTrack['removedBy']>(null, 'scan', 'request'),
      liveStatus: fc.constantFrom<'indexed' | 'failed'>('indexed', 'failed'),
      sizeBytes: fc.constantFrom(null, 1, 2),
      mtimeMs: fc.constantFrom(1, 2),
      etag: fc.constantFrom(null, 'v1'),
      contentSha256: fc.constantFrom(null, 'x'),
      embedded: fc.boolean(),
      embeddedAtMs: fc.constantFrom(null, 100, 200),
      failure: fc.constantFrom<KnownTrack['failure']>(
        null,
        { code: 'audio-unreadable', tries: 1, atMs: 100, retryAtMs: null },
        { code: 'inference-failed', tries: 2, atMs: 100, retryAtMs: 900 },
      ),
    }),
    { selector: ({ key }) => key },
  )
  .map((drawn) =>
    drawn.map(
      ({ liveStatus, ...track }): KnownTrack => ({ ...track, status: track.removedBy ? 'removed' : liveStatus }),
    ),
  )
  .map((tracks) => toMap(...tracks));

test('puts every listed file into exactly one class', () => {
  fc.assert(
    fc.property(anyListing, anyKnown, fc.boolean(), (listing, tracks, retryFailed) => {
      const seen = compare(listing, tracks, { retryFailed, nowMs: 1000 });
      const { candidates, returned, unchanged, failedBefore, keptOut } = seen;
      expect(candidates.length + returned.length + unchanged + failedBefore + keptOut).toBe(seen.listed);
      const handled = [...candidates.map((candidate) => candidate.file), ...returned].map(({ key }) => key);
      expect(new Set(handled).size).toBe(handled.length);
      expect(seen.gone.some(({ key }) => listing.some((listed) => listed.key === key))).toBe(false);
    }),
  );
});

test('never treats files below an unlisted folder as removed', () => {
  fc.assert(
    fc.property(anyListing, anyKnown, (listing, tracks) => {
      const { gone } = compare([...listing, problem('dir/')], tracks, { retryFailed: false, nowMs: 1000 });
      expect(gone.filter(({ key }) => key.startsWith('dir/'))).toEqual([]);
    }),
  );
});

test('treats known files as removed when they are neither listed nor already removed', () => {
  const tracks = toMap(known('a.mp3'), known('b.mp3'), known('c.mp3', { status: 'removed', removedBy: 'scan' }));
  expect(compare([file('a.mp3')], tracks, { retryFailed: false, nowMs: 1000 }).gone.map(({ key }) => key)).toEqual([
    'b.mp3',
  ]);
});

test.each([
  ['a new file', undefined, 'added'],
  ['an unchanged file', {}, 'unchanged'],
  ['another size', { sizeBytes: 2 }, 'changed'],
  ['another time', { mtimeMs: 1.25 }, 'changed'],
  ['another version', { etag: 'v2' }, 'changed'],
  ['no vectors of this space', { embedded: false }, 'added'],
  ['removed by a scan and back', { status: 'removed', removedBy: 'scan' }, 'returned'],
  ['removed by a scan and back changed', { status: 'removed', removedBy: 'scan', sizeBytes: 2 }, 'changed'],
  ['removed by request', { status: 'removed', removedBy: 'request', sizeBytes: 2 }, 'kept out'],
  ['bad before', { failure: { code: 'audio-unreadable', tries: 1, atMs: 100, retryAtMs: null } }, 'failed before'],
  [
    'bad before, and changed',
    { failure: { code: 'audio-unreadable', tries: 1, atMs: 100, retryAtMs: null }, sizeBytes: 2 },
    'changed',
  ],
  ['failed, and due again', { failure: { code: 'worker-protocol', tries: 2, atMs: 100, retryAtMs: 1000 } }, 'retried'],
  [
    'failed, and not due',
    { failure: { code: 'worker-protocol', tries: 2, atMs: 100, retryAtMs: 1001 } },
    'failed before',
  ],
  [
    'failed at a time in the future',
    { failure: { code: 'decode-failed', tries: 1, atMs: 5000, retryAtMs: 9000 } },
    'retried',
  ],
  ['never embedded', { sizeBytes: null, mtimeMs: null, embedded: false }, 'retried'],
] as const)('classifies %s', (_, changes, verdict) => {
  const tracks = changes === undefined ? toMap() : toMap(known('a.mp3', changes as Partial<KnownTrack>));
  const seen = compare([file('a.mp3')], tracks, { retryFailed: false, nowMs: 1000 });
  const found = seen.candidates[0]?.why ?? (seen.returned.length > 0 ? 'returned' : undefined);
  const counted = { unchanged: seen.unchanged, 'failed before': seen.failedBefore, 'kept out': seen.keptOut };
  expect(found ?? Object.entries(counted).find(([, count]) => count === 1)?.[0]).toBe(verdict);
});

test('retries all failed files on request', () => {
  const tracks = toMap(known('a.mp3', { failure: { code: 'audio-unreadable', tries: 9, atMs: 100, retryAtMs: null } }));
  expect(compare([file('a.mp3')], tracks, { retryFailed: true, nowMs: 1000 }).candidates[0]?.why).toBe('retried');
});

test('treats only tracks embedded before a given moment as outdated', () => {
  const tracks = toMap(known('a.mp3', { embeddedAtMs: 100 }), known('b.mp3', { embeddedAtMs: 200 }));
  const seen = compare([file('a.mp3'), file('b.mp3')], tracks, {
    retryFailed: false,
    nowMs: 1000,
    embedAgainBeforeMs: 150,
  });
  expect(seen.candidates.map(({ file: { key }, why }) => [key, why])).toEqual([['a.mp3', 'again']]);
  expect(seen.unchanged).toBe(1);
});
