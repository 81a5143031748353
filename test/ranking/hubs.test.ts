import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectByCsls } from '../../bench/quality/hubs.ts';
import { nearestChunks, openCurrent } from '../../src/index/generation.ts';
import { spaceFolder as spaceFolderOf } from '../../src/index/generation-folder.ts';
import { measureHubness } from '../../src/index/hub-measure.ts';
import { readManifest } from '../../src/index/manifest.ts';
import { cslsScore, Hubness, hubRecipeName, referenceRows } from '../../src/ranking/hubs.ts';
import { indexedRows, openOptions, place, write } from '../index/generations.ts';
import { naiveSearch, never, testFolder, unitVectors, writeShards } from '../index/vectors.ts';

describe('references', () => {
  test('are distinct existing rows in ascending order, up to the limit, and deterministic', () => {
    const recipe = fc.record({
      neighbours: fc.constant(10),
      references: fc.integer({ min: 1, max: 50 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(fc.nat(500), recipe, (rowCount, how) => {
        const rows = referenceRows(rowCount, how);
        expect(rows).toHaveLength(Math.min(rowCount, how.references));
        expect(rows.every((row, i) => row >= 0 && row < rowCount && row > (rows[i - 1] ?? -1))).toBe(true);
        expect(referenceRows(rowCount, how)).toEqual(rows);
      }),
    );
  });
});

describe('correction', () => {
  test('subtracts half of the hubness, and keeps the order of ties', () => {
    const pool = [
      { similarity: 0.9, hubness: 0.8 },
      { similarity: 0.8, hubness: 0.2 },
      { similarity: 0.7, hubness: 0 },
      { similarity: 0.6, hubness: 0.2 },
    ];
    expect(selectByCsls(pool, 3).map(({ similarity }) => similarity)).toEqual([0.8, 0.7, 0.9]);
    expect(cslsScore(0.9, 0.8)).toBeCloseTo(0.5);
  });

  test('changes nothing when all chunks have equal hubness', () => {
    const anyPool = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(anyPool, fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(20), (similarities, hubness, max) => {
        const pool = similarities.sort((a, b) => b - a).map((similarity) => ({ similarity, hubness }));
        const before = pool.slice(0, max).map(({ similarity }) => cslsScore(similarity, hubness));
        const after = selectByCsls(pool, max).map(({ similarity }) => cslsScore(similarity, hubness));
        expect(after).toEqual(before);
      }),
    );
  });
});

describe('measuring', () => {
  const recipe = { neighbours: 3, references: 25, seed: 4 };

  test.each([[[90]], [[30, 60]], [[5, 5, 80]]])(
    'equals the naive mean over references of other tracks, in shards of %j',
    async (sizes) => {
      const folder = testFolder();
      const vectors = unitVectors(90, 16, 7);
      const trackIds = Uint32Array.from(vectors, (_, row) => 1 + Math.floor(row / 10));
      const files = await writeShards(folder, vectors, sizes);
      const shards = files.map(({ files: [file], rowCount }) => ({ file: path.basename(file.path), rowCount }));
      const measure = { folder, dimensions: 16, shards, trackIds, processesMax: 2, recipe, signal: never };
      const hubness = await measureHubness(measure);
      const references = referenceRows(90, recipe);
      for (const [row, vector] of vectors.entries()) {
        const others = references.filter((reference) => trackIds[reference] !== trackIds[row]);
        const nearest = naiveSearch(
          others.map((reference) => vectors[reference] ?? vector),
          vector,
          recipe.neighbours,
        );
        const mean = nearest.reduce((sum, { similarity }) => sum + similarity, 0) / nearest.length;
        expect(hubness.at(row)).toBeCloseTo(mean, 3);
      }
      expect(() => hubness.at(90)).toThrow(RangeError);
    },
  );

  test('gives 0 for a library of one track', async () => {
    const folder = testFolder();
    const files = await writeShards(folder, unitVectors(5, 16, 1), [5]);
    const shards = files.map(({ files: [file], rowCount }) => ({ file: path.basename(file.path), rowCount }));
    const trackIds = new Uint32Array(5).fill(9);
    const hubness = await measureHubness({ folder, dimensions: 16, shards, trackIds, processesMax: 1, signal: never });
    expect([0, 1, 2, 3, 4].map((row) => hubness.at(row))).toEqual([0, 0, 0, 0, 0]);
  });

  test('stops when it is aborted', async () => {
    const folder = testFolder();
    const files = await writeShards(folder, unitVectors(5, 16, 1), [5]);
    const shards = files.map(({ files: [file], rowCount }) => ({ file: path.basename(file.path), rowCount }));
    const measure = { folder, dimensions: 16, shards, trackIds: new Uint32Array(5), processesMax: 1 };
    await expect(measureHubness({ ...measure, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('a generation with hub data', () => {
  const rows = indexedRows(60, 3);
  const spaceFolder = (folder: string) => spaceFolderOf(folder, place.spaceId);

  test('has another id than one without, gives each hit its hubness, and both can be opened', async () => {
    const folder = testFolder();
    const without = await write(folder, rows);
    const plain = await openCurrent(openOptions(folder));
    const found = await nearestChunks(plain, [rows[0]?.vector ?? new Float32Array(8)], 5, never);
    await plain.index.close();
    expect(found[0]?.some((one) => 'hubness' in one)).toBe(false);

    const manifest = await write(folder, rows, { hubs: true });
    expect(manifest.content).not.toBe(without.content);
    expect(manifest.options.hubs).toBe(hubRecipeName);
    const open = await openCurrent(openOptions(folder));
    const [corrected = []] = await nearestChunks(open, [rows[0]?.vector ?? new Float32Array(8)], 5, never);
    await open.index.close();
    expect(corrected.map(({ chunk, similarity }) => ({ chunk, similarity }))).toEqual(
      found[0]?.map(({ chunk, similarity }) => ({ chunk, similarity })),
    );
    for (const { hubness } of corrected) expect(hubness?.[0]).toBeGreaterThan(0);
  });

  test('has the same bytes when it is written again, also in other shards', async () => {
    const [first, second] = [testFolder(), testFolder()];
    const one = await write(first, rows, { hubs: true });
    const other = await write(second, rows, { hubs: true, shardsMax: 1 });
    expect(other.id).toBe(one.id);
    expect(other.hubs).toEqual(one.hubs);
  });

  test('is refused when its hubs file was changed', async () => {
    const folder = testFolder();
    const { id } = await write(folder, rows, { hubs: true });
    const file = path.join(spaceFolder(folder), id, 'hubs.bin');
    const bytes = readFileSync(file);
    bytes[7] = (bytes[7] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await expect(openCurrent(openOptions(folder))).rejects.toMatchObject({ code: 'index-corrupt' });
    await expect(Hubness.read(`${file}.gone`, 60, { bytes: 120, sha256: '' })).rejects.toThrow('hubs.bin.gone');
    // Written again beside it, because a folder of this name is there and damaged.
    const again = await write(folder, rows, { hubs: true });
    expect(again.id).toBe(`${id}-2`);
    expect((await readManifest(path.join(spaceFolder(folder), again.id, 'manifest.json'))).hubs).toEqual(again.hubs);
  });
});
