/** The map: near is near, it is the same every time, and new tracks move no other. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { faissEngine } from '../../src/index/faiss-engine.ts';
import { spaceFolder } from '../../src/index/generation-folder.ts';
import { layOut, placeBetween } from '../../src/index/map/layout.ts';
import { makeMap } from '../../src/index/map/make-map.ts';
import { readMap, type TrackMap, writeMap } from '../../src/index/map/map-file.ts';
import { principalComponents, project } from '../../src/index/map/principal-components.ts';
import { seededRandom } from '../../src/io/random.ts';
import { tempFolder } from '../catalog/helpers.ts';
import { type ChangingLibrary, changedBy, libraryOf, rowsOfTrack, tracksOf } from './deltas.ts';
import { place, write } from './generations.ts';
import { never } from './vectors.ts';

const width = 6;

/** Tracks around a few centres, one after the other. */
function blobs(count: number, centres: number): Float32Array {
  const random = seededRandom(5);
  const middle = Array.from({ length: centres * width }, () => random() * 4 - 2);
  return Float32Array.from({ length: count * width }, (_, at) => {
    const centre = Math.floor(at / width) % centres;
    return (middle[centre * width + (at % width)] ?? 0) + (random() - 0.5) * 0.4;
  });
}

async function generationOf(library: ChangingLibrary, indexDir = tempFolder()) {
  const rows = [...library].flatMap(([trackId, track]) => rowsOfTrack(trackId, track));
  const manifest = await write(indexDir, rows, { tracks: tracksOf(library) });
  const folder = path.join(spaceFolder(indexDir, place.spaceId), manifest.id);
  return { engine: faissEngine, folder, manifest, signal: never };
}

function placesOf({ trackIds, at }: TrackMap): Map<number, string> {
  return new Map(Array.from(trackIds, (id, row) => [id, `${at[row * 2]} ${at[row * 2 + 1]}`]));
}

describe('the layout', () => {
  test('puts what is near next to each other, in the square, the same every time', () => {
    const features = { values: blobs(200, 5), width };
    const at = layOut(features);
    expect(at.length).toBe(400);
    expect(Math.max(...at)).toBeLessThanOrEqual(1.0001);
    expect(Math.min(...at)).toBeGreaterThanOrEqual(-1.0001);
    const apart = (a: number, b: number) =>
      Math.hypot((at[a * 2] ?? 0) - (at[b * 2] ?? 0), (at[a * 2 + 1] ?? 0) - (at[b * 2 + 1] ?? 0));
    const rows = [...Array(200).keys()];
    const alike = rows.filter((row) => {
      const [nearest = -1] = rows.filter((other) => other !== row).sort((a, b) => apart(row, a) - apart(row, b));
      return nearest % 5 === row % 5;
    });
    expect(alike.length).toBeGreaterThan(195);
    expect(layOut(features)).toEqual(at);
    // A new track of a group is placed within the group.
    const [x, y] = placeBetween(features.values.slice(0, width), features, at, 7);
    expect(Math.hypot(x - (at[0] ?? 0), y - (at[1] ?? 0))).toBeLessThan(0.1);
  });

  test.each([2, 15, 20, 39])('of %i tracks fills the square and is in its middle', (count) => {
    // Far from the origin, as UMAP's coordinates may be.
    const at = layOut({ values: blobs(count, 3).map((value) => value + 9), width });
    const halves = [0, 1].map((axis) => {
      const own = [...at].filter((_, place) => place % 2 === axis);
      expect(Math.max(...own)).toBeCloseTo(-Math.min(...own), 5);
      return Math.max(...own);
    });
    expect(Math.max(...halves)).toBeCloseTo(1, 5);
  });

  test.each([0, 1, 2, 15])('takes %i tracks', (count) => {
    const at = layOut({ values: blobs(count, 3), width });
    expect(at.length).toBe(count * 2);
    expect([...at].every(Number.isFinite)).toBe(true);
  });
});

test('principal components keep the distances of vectors that differ in few directions', () => {
  const random = seededRandom(9);
  const directions = Array.from({ length: 3 * 20 }, () => random() - 0.5);
  const vectors = Float32Array.from({ length: 50 * 20 }, () => 0);
  for (let row = 0; row < 50; row++)
    for (let direction = 0; direction < 3; direction++) {
      const along = random() * 3;
      for (let at = 0; at < 20; at++) {
        vectors[row * 20 + at] = (vectors[row * 20 + at] ?? 0) + along * (directions[direction * 20 + at] ?? 0);
      }
    }
  const projection = principalComponents(vectors.slice(), 20, { components: 3, seed: 1 });
  const projected = Array.from({ length: 50 }, (_, row) => {
    const target = new Float32Array(3);
    project(vectors.subarray(row * 20, row * 20 + 20), projection, target);
    return target;
  });
  for (let row = 1; row < 50; row++) {
    const before = Math.hypot(
      ...Array.from({ length: 20 }, (_, at) => (vectors[at] ?? 0) - (vectors[row * 20 + at] ?? 0)),
    );
    const after = Math.hypot(
      ...Array.from({ length: 3 }, (_, at) => (projected[0]?.[at] ?? 0) - (projected[row]?.[at] ?? 0)),
    );
    expect(after).toBeCloseTo(before, 3);
  }
});

describe('the map of a generation', () => {
  test('has every track once, and a small change moves no other track', async () => {
    const library = libraryOf(60);
    const first = await makeMap({ ...(await generationOf(library)), previous: null });
    expect([...first.trackIds]).toEqual([...library.keys()]);
    expect(new Set(first.clusters).size).toBeGreaterThan(1);
    const changed = changedBy(library, [3, null], [61, { rowCount: 3, version: 1 }], [62, { rowCount: 2, version: 1 }]);
    const second = await makeMap({ ...(await generationOf(changed)), previous: first });
    const [before, after] = [placesOf(first), placesOf(second)];
    expect([...after.keys()].sort((a, b) => a - b)).toEqual([...changed.keys()]);
    for (const [id, where] of before) if (id !== 3) expect(after.get(id)).toBe(where);
  });

  test('is laid out again after large changes, and after many small ones', async () => {
    const library = libraryOf(40);
    const first = await makeMap({ ...(await generationOf(library)), previous: null });
    const more = changedBy(library, ...[41, 42, 43].map((id) => [id, { rowCount: 3, version: 1 }] as const));
    const second = await makeMap({ ...(await generationOf(more)), previous: first });
    expect(second.laidOut).toBe(40);
    const most = changedBy(more, ...[44, 45, 46].map((id) => [id, { rowCount: 3, version: 1 }] as const));
    const third = await makeMap({ ...(await generationOf(most)), previous: second });
    expect(third.laidOut).toBe(46);
  });

  test('is the same after it was stored, and damage is found', async () => {
    const map = await makeMap({ ...(await generationOf(libraryOf(20))), previous: null });
    const file = path.join(tempFolder(), 'map.bin');
    expect(await readMap(file)).toBeNull();
    await writeMap(file, map);
    expect(await readMap(file)).toEqual(map);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await expect(readMap(file)).rejects.toThrow(/checksum/);
    writeFileSync(file, '');
    await expect(readMap(file)).rejects.toThrow(/checksum/);
  });
});
