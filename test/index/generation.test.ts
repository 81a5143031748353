import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { currentManifest, nearestChunks, type OpenGenerationOptions, openCurrent } from '../../src/index/generation.ts';
import { readCurrent, rollBack, spaceFolder } from '../../src/index/generation-folder.ts';
import { type IndexedRow, shardSizes } from '../../src/index/row-writer.ts';
import { keepTemporaryInMemory } from '../support/temporary-in-memory.ts';
import { indexedRows, openOptions, place, write } from './generations.ts';
import { naiveSearch, never, testFolder } from './vectors.ts';

keepTemporaryInMemory();

const programs = path.join(import.meta.dirname, 'programs');
const folderOf = (indexDir: string): string => spaceFolder(indexDir, place.spaceId);

async function open(options: OpenGenerationOptions) {
  const generation = await openCurrent(options);
  onTestFinished(() => generation.index.close());
  return generation;
}

/** The two nearest chunks of some rows. */
async function ask(indexDir: string, rows: readonly IndexedRow[]) {
  const generation = await open(openOptions(indexDir));
  const queries = rows.slice(0, 5).map(({ vector }) => vector);
  return nearestChunks(generation, queries, 2, never);
}

function naive(rows: readonly IndexedRow[]) {
  const vectors = rows.map(({ vector }) => vector);
  return vectors
    .slice(0, 5)
    .map((query) => naiveSearch(vectors, query, 2).map((found) => ({ ...found, chunk: rows[found.row]?.chunk })));
}

describe('a generation', () => {
  test('returns the chunks it was written from and the number of chunks of each track', async () => {
    const indexDir = testFolder();
    const rows = indexedRows(35, 1);
    const manifest = await write(indexDir, rows);
    const { library } = await open(openOptions(indexDir));
    expect(await ask(indexDir, rows)).toEqual(naive(rows));
    expect(manifest).toMatchObject({ rowCount: 35, trackCount: 4, ...place, createdAt: '2024-05-06T07:08:09.000Z' });
    expect([library.chunks, library.chunksOf(1), library.chunksOf(4), library.chunksOf(5)]).toEqual([35, 10, 5, 0]);
  });

  test('returns the same results when it is spread over processes', async () => {
    const indexDir = testFolder();
    const rows = indexedRows(24_001, 2);
    const manifest = await write(indexDir, rows, { flatFormat: 'checked' });
    expect(manifest.shards.map(({ rowCount }) => rowCount)).toEqual([12_000, 12_001]);
    expect(await ask(indexDir, rows)).toEqual(naive(rows));
    const inOne = testFolder();
    expect((await write(inOne, rows, { shardsMax: 1 })).id).toBe(manifest.id);
    expect(await ask(inOne, rows)).toEqual(naive(rows));
  });

  test('returns the same results when FAISS writes the files because its format differs', async () => {
    const indexDir = testFolder();
    const rows = indexedRows(50, 3);
    await write(indexDir, rows, { flatFormat: 'unknown' });
    expect(await ask(indexDir, rows)).toEqual(naive(rows));
  });

  test('may have no rows', async () => {
    const indexDir = testFolder();
    await write(indexDir, []);
    const generation = await open(openOptions(indexDir));
    expect(await nearestChunks(generation, [indexedRows(1, 1)[0]?.vector ?? new Float32Array()], 3, never)).toEqual([
      [],
    ]);
  });

  test('has the same id and bytes for the same content elsewhere, and other ones for other content', async () => {
    const [here, there] = [testFolder(), testFolder()];
    const rows = indexedRows(40, 4);
    const first = await write(here, rows);
    const second = await write(there, rows, { createdAt: new Date(), catalogId: 'catalog-b' });
    expect(second.id).toBe(first.id);
    for (const file of ['rows.bin', 'shard-0.faiss']) {
      const [a, b] = [here, there].map((dir) => readFileSync(path.join(folderOf(dir), first.id, file)));
      expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
    }
    const others = [
      await write(here, rows.slice(1)),
      await write(here, rows, { options: { includeNonMusic: true } }),
      await write(here, [...rows].reverse()),
    ];
    expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(4);
  });

  test('has the allowed and useful number of shards, which hold every row once', () => {
    fc.assert(
      fc.property(fc.nat(2_000_000), fc.integer({ min: 1, max: 8 }), (rowCount, shardsMax) => {
        const sizes = shardSizes(rowCount, shardsMax);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(rowCount);
        expect(sizes.length).toBeLessThanOrEqual(shardsMax);
        expect(sizes.every((size) => size > 0)).toBe(true);
        expect(Math.max(0, ...sizes) - Math.min(...(sizes.length > 0 ? sizes : [0]))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('writing', () => {
  test.each([
    ['fewer rows than announced', { rowCount: 11 }],
    ['more rows than announced', { rowCount: 9 }],
    ['a vector of another length', { dimensions: 9 }],
    [
      'a NaN',
      { rows: [...indexedRows(9, 1), { ...indexedRows(1, 1)[0], vector: new Float32Array(8).fill(Number.NaN) }] },
    ],
  ])('is refused with %s, and the old generation stays', async (_, changes) => {
    const indexDir = testFolder();
    const { id } = await write(indexDir, indexedRows(20, 1));
    await expect(write(indexDir, indexedRows(10, 2), changes as object)).rejects.toThrow(RangeError);
    expect(readdirSync(folderOf(indexDir)).sort()).toEqual([id, 'CURRENT'].sort());
  });

  test('can be cancelled and keeps the old generation', async () => {
    const indexDir = testFolder();
    const { id } = await write(indexDir, indexedRows(20, 1));
    const cancelling = write(indexDir, indexedRows(10, 2), { signal: AbortSignal.abort() });
    await expect(cancelling).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(folderOf(indexDir)).sort()).toEqual([id, 'CURRENT'].sort());
  });

  test('keeps the previous generation, and removes older ones and the files of dead writers', async () => {
    const indexDir = testFolder();
    const ids: string[] = [];
    for (const seed of [1, 2, 3]) {
      mkdirSync(path.join(folderOf(indexDir), `${seed}.partial`), { recursive: true });
      ids.push((await write(indexDir, indexedRows(10, seed))).id);
    }
    expect(readdirSync(folderOf(indexDir)).sort()).toEqual([ids[1], ids[2], 'CURRENT'].sort());
    expect(await readCurrent(folderOf(indexDir))).toEqual([ids[2], ids[1]]);
  });

  test('keeps an intact generation of equal content, and writes next to a damaged one or one of another catalog', async () => {
    const indexDir = testFolder();
    const rows = indexedRows(10, 1);
    const { id } = await write(indexDir, rows);
    await write(indexDir, indexedRows(10, 2));
    expect((await write(indexDir, rows)).id).toBe(id);
    truncateSync(path.join(folderOf(indexDir), id, 'shard-0.faiss'), 100);
    expect((await write(indexDir, rows)).id).toBe(`${id}-2`);
    expect(await ask(indexDir, rows)).toEqual(naive(rows));
    expect((await write(indexDir, rows, { catalogId: 'catalog-b' })).id).toBe(`${id}-3`);
  });

  test('fails with disk-full, and the old generation keeps answering', async () => {
    const indexDir = testFolder();
    const rows = indexedRows(20, 1);
    const { id } = await write(indexDir, rows);
    // Files of at most 64 KiB: the shard of 5,000 rows has 160.
    const program = `${programs}/write-generation.ts`;
    const limited = ['-c', 'ulimit -f 64; exec "$@"', 'limited', process.execPath, program, indexDir, '5000', '2'];
    expect((await promisify(execFile)('bash', limited)).stdout).toBe('disk-full');
    expect(readdirSync(folderOf(indexDir)).sort()).toEqual([id, 'CURRENT'].sort());
    expect(await ask(indexDir, rows)).toEqual(naive(rows));
  });

  test('leaves the old or the new generation intact when killed at any moment', async () => {
    const indexDir = testFolder();
    const old = indexedRows(20, 1);
    const { id } = await write(indexDir, old);
    // While rows are written, then while files are synced, read back and renamed.
    const moments = [0, 1, 1500, 2999].map((row) => [row, 0] as const);
    const later = [1, 2, 4, 8, 12, 16, 25, 40].map((delayMs) => [2999, delayMs] as const);
    for (const [seed, [row, delayMs]] of [...moments, ...later].entries()) {
      const args = [`${programs}/write-generation.ts`, indexDir, '3000', `${seed + 100}`, `${row}`, `${delayMs}`];
      const writer = spawn(process.execPath, args, { stdio: 'ignore' });
      const [, signal] = await once(writer, 'exit');
      const manifest = await currentManifest(openOptions(indexDir));
      if (delayMs === 0) expect([signal, manifest.id]).toEqual(['SIGKILL', id]);
      const rows = manifest.rowCount === 20 ? old : null;
      if (rows === null) await open(openOptions(indexDir));
      else expect(await ask(indexDir, rows)).toEqual(naive(rows));
    }
    const last = indexedRows(30, 99);
    await write(indexDir, last);
    expect(await ask(indexDir, last)).toEqual(naive(last));
    expect(readdirSync(folderOf(indexDir)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

describe('opening', () => {
  test('fails with index-empty when nothing was indexed', async () => {
    const indexDir = testFolder();
    await expect(openCurrent(openOptions(indexDir))).rejects.toMatchObject({ code: 'index-empty' });
    mkdirSync(folderOf(indexDir), { recursive: true });
    await expect(openCurrent(openOptions(indexDir))).rejects.toMatchObject({ code: 'index-empty' });
  });

  test('is refused for vectors of another space, naming both spaces', async () => {
    const indexDir = testFolder();
    await write(indexDir, indexedRows(10, 1));
    const error = await openCurrent({ ...openOptions(indexDir), spaceId: 'clap/2' }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'space-mismatch' });
    expect(error.message).toContain('clap/2');
    expect(error.message).toContain(place.spaceId);
  });

  test('is refused for a generation moved to another space, naming both spaces', async () => {
    const indexDir = testFolder();
    await write(indexDir, indexedRows(10, 1));
    renameSync(folderOf(indexDir), spaceFolder(indexDir, 'clap/2'));
    const opening = openCurrent({ ...openOptions(indexDir), spaceId: 'clap/2' });
    await expect(opening).rejects.toMatchObject({ code: 'space-mismatch' });
  });

  test('is refused for another catalog, whose track ids would differ', async () => {
    const indexDir = testFolder();
    await write(indexDir, indexedRows(10, 1));
    const opening = openCurrent({ ...openOptions(indexDir), catalogId: 'catalog-b' });
    await expect(opening).rejects.toMatchObject({
      code: 'index-corrupt',
      message: expect.stringContaining('catalog-b'),
    });
  });

  const damages: [string, (folder: string, id: string) => void, string][] = [
    ['no shard', (folder, id) => rmSync(path.join(folder, id, 'shard-0.faiss')), 'shard-0.faiss'],
    ['a truncated shard', (folder, id) => truncateSync(path.join(folder, id, 'shard-0.faiss'), 200), 'shard-0.faiss'],
    ['an empty shard', (folder, id) => truncateSync(path.join(folder, id, 'shard-0.faiss')), 'shard-0.faiss'],
    ['no table of rows', (folder, id) => rmSync(path.join(folder, id, 'rows.bin')), 'rows.bin'],
    ['a truncated table of rows', (folder, id) => truncateSync(path.join(folder, id, 'rows.bin'), 28), 'rows.bin'],
    ['no manifest', (folder, id) => rmSync(path.join(folder, id, 'manifest.json')), 'CURRENT'],
    ['half a manifest', (folder, id) => truncateSync(path.join(folder, id, 'manifest.json'), 99), 'manifest.json'],
    ['a CURRENT that names nothing', (folder) => writeFileSync(path.join(folder, 'CURRENT'), 'nothing\n'), 'CURRENT'],
    ['a CURRENT that leads out', (folder) => writeFileSync(path.join(folder, 'CURRENT'), '../../x\n'), 'CURRENT'],
    ['an empty CURRENT', (folder) => truncateSync(path.join(folder, 'CURRENT')), 'CURRENT'],
  ];
  test.each(damages)('is refused with %s, naming the file and the fix', async (_, damage, file) => {
    const indexDir = testFolder();
    const { id } = await write(indexDir, indexedRows(10, 1));
    damage(folderOf(indexDir), id);
    const error = await openCurrent(openOptions(indexDir)).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'index-corrupt' });
    expect(error.message).toContain(file);
    expect(error.message).toContain('npm run index');
    await write(indexDir, indexedRows(10, 1));
    expect(await ask(indexDir, indexedRows(10, 1))).toEqual(naive(indexedRows(10, 1)));
  });

  test.each(['shard-0.faiss', 'rows.bin'])('is refused with any flipped bit in %s', async (name) => {
    const indexDir = testFolder();
    const { id } = await write(indexDir, indexedRows(10, 1));
    const file = path.join(folderOf(indexDir), id, name);
    const bytes = readFileSync(file);
    for (const position of [0, 5, 40, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(file, flipped(bytes, position * 8 + 3));
      const opening = openCurrent(openOptions(indexDir));
      await expect(opening).rejects.toMatchObject({ code: 'index-corrupt', message: expect.stringContaining(name) });
    }
  });

  test('is refused with a flipped bit in the manifest, unless its content is unchanged', async () => {
    const indexDir = testFolder();
    const manifest = await write(indexDir, indexedRows(10, 1));
    const file = path.join(folderOf(indexDir), manifest.id, 'manifest.json');
    const bytes = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        writeFileSync(file, flipped(bytes, bit));
        const read = await currentManifest(openOptions(indexDir)).catch((error) => error.code);
        if (typeof read === 'string') expect(read).toBe('index-corrupt');
        else expect(read).toEqual(manifest);
      }),
    );
  });

  test('returns the previous generation after a roll-back, and the newer one after a second', async () => {
    const indexDir = testFolder();
    const [older, newer] = [indexedRows(10, 1), indexedRows(12, 2)];
    await expect(rollBack(indexDir, place.spaceId)).rejects.toMatchObject({ code: 'index-empty' });
    const first = await write(indexDir, older);
    await expect(rollBack(indexDir, place.spaceId)).rejects.toMatchObject({ code: 'index-empty' });
    const second = await write(indexDir, newer);
    expect(await rollBack(indexDir, place.spaceId)).toBe(first.id);
    expect(await ask(indexDir, older)).toEqual(naive(older));
    expect(await rollBack(indexDir, place.spaceId)).toBe(second.id);
    expect(await ask(indexDir, newer)).toEqual(naive(newer));
  });

  test('works with a copy of the folder elsewhere', async () => {
    const [indexDir, copy] = [testFolder(), testFolder()];
    const rows = indexedRows(10, 1);
    await write(indexDir, rows);
    cpSync(indexDir, copy, { recursive: true });
    expect(await ask(copy, rows)).toEqual(naive(rows));
  });
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
