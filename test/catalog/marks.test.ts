import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { isInRegion, nearestCentre } from '../../src/catalog/marked-regions.ts';
import type { EmbeddedRecording } from '../../src/domain.ts';
import { factsOf, openCatalog, recordingOf } from './helpers.ts';

const space = 'space-a';
/** Two groups in the plane: vectors that point right and vectors that point up. */
const centres = Float32Array.of(1, 0, 0, 1);
const right = { centres, centre: 0, minSimilarity: 0.9 };

/** Chunks of music at these angles, in degrees. */
function recordingAt(...degrees: number[]): EmbeddedRecording {
  const recording = recordingOf(
    degrees.map(() => 'music'),
    { spaceId: space, dimensions: 2 },
  );
  const vectorAt = (angle: number) => Float32Array.of(Math.cos(angle), Math.sin(angle));
  const chunks = recording.chunks.map((chunk, i) => ({
    ...chunk,
    vector: vectorAt(((degrees[i] as number) / 180) * Math.PI),
  }));
  return { ...recording, chunks };
}

/** [track, start] of all rows of the next generation. */
function rowsOf(catalog: Catalog, includeNonMusic = false): [number, number][] {
  using snapshot = catalog.snapshot(space, { includeNonMusic });
  const rows = [...snapshot.rows()].map(({ chunk }): [number, number] => [chunk.trackId, chunk.startSec]);
  expect(snapshot.tracks().reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(rows.length);
  return rows;
}

test('removes the chunks of a marked region from the index, and restores the same chunks after unmarking', () => {
  const catalog = openCatalog();
  const a = catalog.embeddings.put(factsOf('a'), recordingAt(5, 80, 20));
  const b = catalog.embeddings.put(factsOf('b'), recordingAt(40, 10));
  const before = rowsOf(catalog);
  const contentBefore = catalog.contentOf(space);
  const mark = catalog.marks.add(space, right, 'cluster 1');
  expect(mark).toMatchObject({ chunks: 3, tracks: 2, note: 'cluster 1' });
  expect(rowsOf(catalog)).toEqual([
    [a, 10],
    [b, 0],
  ]);
  expect(rowsOf(catalog, true)).toEqual(before);
  expect(catalog.contentOf(space)).not.toBe(contentBefore);
  expect(catalog.marks.list(space)).toEqual([mark]);
  expect(catalog.marks.remove(space, mark.id)).toEqual(mark);
  expect(rowsOf(catalog)).toEqual(before);
  expect(catalog.marks.regions(space)).toEqual([]);
});

test('excludes a chunk in two marks until both are removed', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingAt(5, 80));
  const first = catalog.marks.add(space, right, 'cluster 1');
  const second = catalog.marks.add(space, right, 'cluster 1 again');
  expect(second.id).toBeGreaterThan(first.id);
  catalog.marks.remove(space, first.id);
  expect(rowsOf(catalog)).toHaveLength(1);
  catalog.marks.remove(space, second.id);
  expect(rowsOf(catalog)).toHaveLength(2);
});

test('applies marks to tracks that are indexed, indexed again or copied later', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingAt(5, 80));
  const mark = catalog.marks.add(space, right, 'cluster 1');
  catalog.embeddings.put(factsOf('b'), recordingAt(10, 30, 70));
  catalog.embeddings.put(factsOf('a'), recordingAt(5, 80));
  catalog.duplicateFiles.copy('b', factsOf('c', { contentSha256: factsOf('b').contentSha256 }));
  expect(rowsOf(catalog)).toHaveLength(5);
  expect(catalog.marks.list(space)).toMatchObject([{ id: mark.id, chunks: 3, tracks: 3 }]);
});

test('does not count a removed track, and excludes its chunks again when it returns', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingAt(5, 80));
  catalog.embeddings.put(factsOf('b'), recordingAt(80));
  catalog.marks.add(space, right, 'cluster 1');
  catalog.removals.remove(['a'], 'request');
  expect(catalog.marks.list(space)).toMatchObject([{ chunks: 0, tracks: 0 }]);
  catalog.removals.restore('a');
  expect(rowsOf(catalog)).toHaveLength(2);
});

test('refuses to remove an unknown mark, or one of another space', () => {
  const catalog = openCatalog();
  catalog.embeddings.put(factsOf('a'), recordingAt(5, 80));
  const { id } = catalog.marks.add(space, right, 'cluster 1');
  expect(() => catalog.marks.remove(space, id + 1)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  expect(() => catalog.marks.remove('space-b', id)).toThrow(/Cannot lift mark/);
  expect(catalog.marks.list(space)).toHaveLength(1);
});

test('keeps the groups that were last shown', () => {
  const catalog = openCatalog();
  expect(catalog.marks.lastClustering(space)).toBe(null);
  catalog.embeddings.put(factsOf('a'), recordingAt(5));
  catalog.marks.saveClustering(space, Float32Array.of(9, 9));
  catalog.marks.saveClustering(space, centres);
  expect(catalog.marks.lastClustering(space)).toEqual(centres);
});

test('finds the nearest centre for any centres', () => {
  const coordinate = fc.double({ min: -1, max: 1, noNaN: true }).map(Math.fround);
  const point = fc.tuple(coordinate, coordinate, coordinate);
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 6 }), point, (groups, vector) => {
      const { centre } = nearestCentre(Float32Array.from(groups.flat()), Float32Array.from(vector));
      const distance = (group: readonly number[]) => Math.hypot(...group.map((value, i) => value - (vector[i] ?? 0)));
      expect(distance(groups[centre] as number[])).toBeCloseTo(Math.min(...groups.map(distance)), 5);
    }),
  );
});

test('ends a region where another centre is nearer, and at its farthest chunk', () => {
  const at = (degrees: number) => Float32Array.of(Math.cos(degrees * 0.01745), Math.sin(degrees * 0.01745));
  const wide = { ...right, minSimilarity: -1 };
  expect([44, 46, -80].map((degrees) => isInRegion(wide, at(degrees)))).toEqual([true, false, true]);
  expect([24, 26, -80].map((degrees) => isInRegion(right, at(degrees)))).toEqual([true, false, false]);
});

test('changes the state of the tracks whose rows a mark changes, and of no other', () => {
  const catalog = openCatalog();
  const a = catalog.embeddings.put(factsOf('a'), recordingAt(5, 80, 20));
  const b = catalog.embeddings.put(factsOf('b'), recordingAt(70, 80));
  const statesOf = (includeNonMusic = false) => {
    using snapshot = catalog.snapshot(space, { includeNonMusic });
    return new Map(snapshot.tracks().map(({ trackId, rowCount, state }) => [trackId, `${rowCount} ${state}`]));
  };
  const [before, all] = [statesOf(), statesOf(true)];
  const mark = catalog.marks.add(space, right, 'cluster 1');
  expect(statesOf().get(a)).toMatch(/^1 [0-9a-f]{32}$/);
  expect(statesOf().get(a)).not.toBe(before.get(a));
  expect(statesOf().get(b)).toBe(before.get(b));
  expect(statesOf(true)).toEqual(all);
  catalog.marks.remove(space, mark.id);
  expect(statesOf()).toEqual(before);
});
