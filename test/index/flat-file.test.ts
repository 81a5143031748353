import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FaissIndex } from '../../src/index/faiss-index.ts';
import { buildByAdding, flatFormatIsKnown, flatHeaderBytes } from '../../src/index/flat-file.ts';
import { assertWritten, HashedFile, hashFile, replaceFile } from '../../src/io/durable-file.ts';
import { wholeOf } from '../../src/ranking/space-parts.ts';
import { naiveSearch, never, testFolder, unitVectors, writeShards } from './vectors.ts';

describe('the flat file', () => {
  test.each([
    [1, 1],
    [3, 2],
    [40, 512],
    [2500, 7],
  ])('of %d rows of %d values has the very bytes that FAISS writes', async (rowCount, dimensions) => {
    const folder = testFolder();
    const [shard] = await writeShards(folder, unitVectors(rowCount, dimensions, 1), [rowCount]);
    const file = shard?.files[0];
    const theirs = path.join(folder, 'theirs.faiss');
    await buildByAdding(file?.path ?? '', theirs, { rowCount, dimensions });
    expect(readFileSync(file?.path ?? '').equals(readFileSync(theirs))).toBe(true);
    expect(file?.bytes).toBe(flatHeaderBytes + rowCount * dimensions * 4);
  });

  test('matches the installed FAISS, and the check leaves no files', async () => {
    const folder = testFolder();
    expect(await flatFormatIsKnown(folder)).toBe(true);
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('can also be searched when FAISS wrote it', async () => {
    const rows = unitVectors(100, 8, 2);
    const folder = testFolder();
    const [shard] = await writeShards(folder, rows, [100]);
    const theirs = path.join(folder, 'theirs.faiss');
    const record = await buildByAdding(shard?.files[0].path ?? '', theirs, { rowCount: 100, dimensions: 8 });
    const files = [{ path: theirs, dimensions: 8, ...record }];
    const index = await FaissIndex.open({ dimensions: 8, parts: [wholeOf(8)], shards: [{ rowCount: 100, files }] });
    const [found] = await index.search(rows.slice(0, 1), 5, { signal: never });
    expect(found).toEqual(naiveSearch(rows, rows[0] ?? new Float32Array(), 5));
    await index.close();
  });
});

describe('a durable file', () => {
  test('has the size and checksum computed while writing, for any split into blocks', async () => {
    const file = path.join(testFolder(), 'file');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 700_000 }), { maxLength: 6 }), async (pieces) => {
        const writing = await HashedFile.create(file);
        for (const piece of pieces) await writing.write(piece);
        const record = await writing.finish();
        expect(readFileSync(file).equals(Buffer.concat(pieces))).toBe(true);
        expect(await hashFile(file)).toEqual(record);
        await assertWritten(file, record);
      }),
      { numRuns: 20 },
    );
  });

  test('fails with disk-full on a full disk', async () => {
    const writing = await HashedFile.create('/dev/full');
    await writing.write(new Uint8Array(10));
    await expect(writing.finish()).rejects.toMatchObject({ code: 'disk-full' });
    await writing.abandon();
  });

  test('is rejected when it is truncated or changed', async () => {
    const file = path.join(testFolder(), 'file');
    const writing = await HashedFile.create(file);
    await writing.write(Buffer.from('hello'));
    const record = await writing.finish();
    writeFileSync(file, 'hell');
    await expect(assertWritten(file, record)).rejects.toMatchObject({ code: 'disk-full' });
    writeFileSync(file, 'hellO');
    await expect(assertWritten(file, record)).rejects.toMatchObject({ code: 'index-corrupt' });
  });

  test('is replaced atomically', async () => {
    const file = path.join(testFolder(), 'CURRENT');
    await replaceFile(file, 'one\n');
    await replaceFile(file, 'two\n');
    expect(readFileSync(file, 'utf8')).toBe('two\n');
  });
});
